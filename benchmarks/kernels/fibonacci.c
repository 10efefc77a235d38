/* Fibonacci numbers modulo a prime. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], modulus = in[1], a = 0, b = 1;
    for (int64_t i = 0; i < n; i++) {
        int64_t sum = (a + b) % modulus;
        a = b;
        b = sum;
    }
    out[0] = a;
}
