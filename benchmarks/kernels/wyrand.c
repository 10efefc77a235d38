/* The generator wyrand: both halves of a 128-bit product, combined. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t state = in[1], total = 0;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        state += 0xA0761D6478BD642F;
        unsigned __int128 product = (unsigned __int128)state * (state ^ 0xE7037ED1A0B428DB);
        total ^= (uint64_t)(product >> 64) ^ (uint64_t)product;
    }
    out[0] = total;
}
