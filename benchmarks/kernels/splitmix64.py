"""The generator splitmix64: outputs combined."""

FAMILY = "masked"
ARGUMENTS = (80_000, 1234567)
ANSWER = 15723688308042780830


def kernel(n, seed):
    state = seed
    total = 0
    for _ in range(n):
        state = state + 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        total ^= z ^ z >> 31
    return total
