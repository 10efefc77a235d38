/* Lehmer's generator modulo 2**61 - 1. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t x = in[1];
    for (int64_t i = 0, n = in[0]; i < n; i++)
        x = (unsigned __int128)x * 437799614237992725 % 2305843009213693951;
    out[0] = x;
}
