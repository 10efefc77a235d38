/* Knuth's 64-bit linear congruential generator: how often the highest bit is set. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t x = in[1], high = 0;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        x = x * 6364136223846793005 + 1442695040888963407;
        high += x >> 63;
    }
    out[0] = high;
    out[1] = x;
}
