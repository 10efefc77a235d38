"""The longest Collatz chain that starts below a limit."""

FAMILY = "plain"
ARGUMENTS = (4_000,)
ANSWER = (3711, 237)
NOTE = "3 * n + 1 is checked for overflow, and so stays behind a branch."


def kernel(limit):
    best = best_start = 0
    for start in range(1, limit):
        n = start
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        if steps > best:
            best = steps
            best_start = start
    return best_start, best
