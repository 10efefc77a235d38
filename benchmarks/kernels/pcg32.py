"""The generator PCG-XSH-RR with 32 bits of output: outputs combined."""

FAMILY = "masked"
ARGUMENTS = (80_000, 42, 54)
ANSWER = 1966635352


def kernel(n, seed, sequence):
    increment = sequence << 1 | 1
    state = (increment + seed) * 6364136223846793005 + increment & 0xFFFFFFFFFFFFFFFF
    total = 0
    for _ in range(n):
        word = (state >> 18 ^ state) >> 27 & 0xFFFFFFFF
        turn = state >> 59
        state = state * 6364136223846793005 + increment & 0xFFFFFFFFFFFFFFFF
        total ^= (word >> turn | word << (-turn & 31)) & 0xFFFFFFFF
    return total
