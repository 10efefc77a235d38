/* Modular powers by squaring: Fermat's test over many bases. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], modulus = in[1], passed = 0;
    for (int64_t base = 2; base < n; base++) {
        int64_t result = 1, square = base, exponent = modulus - 1;
        while (exponent) {
            if (exponent & 1)
                result = result * square % modulus;
            square = square * square % modulus;
            exponent >>= 1;
        }
        if (result == 1)
            passed++;
    }
    out[0] = passed;
}
