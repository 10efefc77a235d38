"""Set bits counted one at a time."""

FAMILY = "plain"
ARGUMENTS = (40_000,)
ANSWER = 926231


def kernel(n):
    total = 0
    for i in range(n):
        x = i * 2654435761
        while x:
            x &= x - 1
            total += 1
    return total
