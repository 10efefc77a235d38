"""Pythagorean triples with a perimeter below a limit."""

FAMILY = "plain"
ARGUMENTS = (300,)
ANSWER = 73


def kernel(limit):
    count = 0
    for a in range(1, limit // 3):
        for b in range(a + 1, limit // 2):
            c = limit - a - b
            while c > b and a * a + b * b < c * c:
                c -= 1
            if c > b and a * a + b * b == c * c:
                count += 1
    return count
