/* Fibonacci numbers modulo a prime by powers of a 2x2 matrix. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], modulus = in[1], total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t exponent = i * 1000003000017;
        int64_t a = 1, b = 0, c = 0, d = 1, p = 1, q = 1, r = 1, s = 0;
        while (exponent) {
            if (exponent & 1) {
                int64_t a1 = (a * p + b * r) % modulus, b1 = (a * q + b * s) % modulus;
                int64_t c1 = (c * p + d * r) % modulus, d1 = (c * q + d * s) % modulus;
                a = a1, b = b1, c = c1, d = d1;
            }
            int64_t p1 = (p * p + q * r) % modulus, q1 = (p * q + q * s) % modulus;
            int64_t r1 = (r * p + s * r) % modulus, s1 = (r * q + s * s) % modulus;
            p = p1, q = q1, r = r1, s = s1;
            exponent >>= 1;
        }
        total ^= b;
    }
    out[0] = total;
}
