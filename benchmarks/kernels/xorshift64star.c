/* Marsaglia's xorshift of 64 bits with Vigna's multiplier: outputs combined. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t x = in[1], total = 0;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        total ^= x * 0x2545F4914F6CDD1D;
    }
    out[0] = total;
}
