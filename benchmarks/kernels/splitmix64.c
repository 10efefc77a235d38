/* The generator splitmix64: outputs combined. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t state = in[1], total = 0;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        state += 0x9E3779B97F4A7C15;
        uint64_t z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        total ^= z ^ z >> 31;
    }
    out[0] = total;
}
