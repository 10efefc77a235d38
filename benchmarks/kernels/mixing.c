/* A hash of 32 bits whose step is a function of five lines. */
#include <stdint.h>

static uint32_t mixed(uint32_t state, uint32_t word)
{
    word *= 0xCC9E2D51;
    word = word << 15 | word >> 17;
    state ^= word * 0x1B873593;
    state = state << 13 | state >> 19;
    return state * 5 + 0xE6546B64;
}

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0];
    uint32_t state = 0;
    for (int64_t i = 0; i < n; i++)
        state = mixed(state, i);
    out[0] = state;
}
