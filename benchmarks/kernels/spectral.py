"""Products of a matrix that a function gives, as in the spectral norm, in fixed point."""

FAMILY = "calls"
ARGUMENTS = (180, 5)
ANSWER = 1329541442


def element(i, j):
    return (i + j) * (i + j + 1) // 2 + i + 1


def row_times(i, n, weight):
    total = 0
    for j in range(n):
        total += (weight + j) * 1_000_000 // element(i, j)
    return total


def kernel(n, rounds):
    norm = 0
    for weight in range(rounds):
        for i in range(n):
            norm += row_times(i, n, weight)
    return norm
