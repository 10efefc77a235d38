"""A hash of 32 bits whose step is a function of five lines."""

FAMILY = "calls"
ARGUMENTS = (200_000,)
ANSWER = 1195660748


def mixed(state, word):
    word = word * 0xCC9E2D51 & 0xFFFFFFFF
    word = (word << 15 | word >> 17) & 0xFFFFFFFF
    state ^= word * 0x1B873593 & 0xFFFFFFFF
    state = (state << 13 | state >> 19) & 0xFFFFFFFF
    return state * 5 + 0xE6546B64 & 0xFFFFFFFF


def kernel(n):
    state = 0
    for i in range(n):
        state = mixed(state, i)
    return state
