/* Butterflies of a number-theoretic transform modulo the prime 998244353. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], root = in[1], a = 1, b = 2, twiddle = 1;
    for (int64_t i = 0; i < n; i++) {
        int64_t product = b * twiddle % 998244353;
        b = (a - product) % 998244353;
        if (b < 0)
            b += 998244353;
        a = (a + product) % 998244353;
        twiddle = twiddle * root % 998244353;
    }
    out[0] = a;
    out[1] = b;
}
