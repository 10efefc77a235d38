/* Butterflies of a number-theoretic transform modulo the prime 2**64 - 2**32 + 1. */
#include <stdint.h>

#define PRIME 0xFFFFFFFF00000001

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t root = in[1], a = 1, b = 2, twiddle = 1;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        uint64_t product = (unsigned __int128)b * twiddle % PRIME;
        b = a < product ? a - product + PRIME : a - product;
        a = ((unsigned __int128)a + product) % PRIME;
        twiddle = (unsigned __int128)twiddle * root % PRIME;
    }
    out[0] = a;
    out[1] = b;
}
