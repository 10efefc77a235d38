"""Integer square roots by Newton's method."""

FAMILY = "plain"
ARGUMENTS = (20_000,)
ANSWER = 1113488992


def kernel(n):
    total = 0
    for i in range(n):
        value = i * i * 31 + i
        if value < 2:
            total += value
            continue
        x = 1 << (value.bit_length() + 1) // 2
        y = (x + value // x) // 2
        while y < x:
            x = y
            y = (x + value // x) // 2
        total += x
    return total
