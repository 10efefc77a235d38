/* The finaliser of MurmurHash3 for 64 bits, over consecutive numbers. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t total = 0;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        uint64_t x = i;
        x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD;
        x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53;
        total += x ^ x >> 33;
    }
    out[0] = total;
}
