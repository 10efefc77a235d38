"""Three nested loops with a little arithmetic in the innermost."""

FAMILY = "plain"
ARGUMENTS = (70,)
ANSWER = 484247400


def kernel(n):
    total = 0
    for i in range(n):
        for j in range(n):
            for k in range(n):
                total += (i ^ j) * k - (i & k)
    return total
