/* Greatest common divisors of pairs of 60-bit numbers, by Euclid's algorithm, summed. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t a = 1152921504606846976 - 977 * i, b = 872819140084174283 + i;
        while (b) {
            int64_t r = a % b;
            a = b;
            b = r;
        }
        total += a;
    }
    out[0] = total;
}
