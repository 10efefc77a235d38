/* Lehmer's generator modulo 2**31 - 1, the `minimal standard`. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], x = in[1];
    for (int64_t i = 0; i < n; i++)
        x = x * 48271 % 2147483647;
    out[0] = x;
}
