/* Modular inverses by the extended Euclidean algorithm. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], modulus = in[1], total = 0;
    for (int64_t i = 1; i < n; i++) {
        int64_t r0 = modulus, r1 = i, s0 = 0, s1 = 1;
        while (r1) {
            int64_t q = r0 / r1, r = r0 - q * r1, s = s0 - q * s1;
            r0 = r1;
            r1 = r;
            s0 = s1;
            s1 = s;
        }
        s0 %= modulus;
        total ^= s0 < 0 ? s0 + modulus : s0;
    }
    out[0] = total;
}
