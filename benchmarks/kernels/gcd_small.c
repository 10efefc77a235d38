/* Greatest common divisors of all pairs of numbers below a limit, summed. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 1; i < n; i++) {
        for (int64_t j = 1; j < n; j++) {
            int64_t a = i, b = j;
            while (b) {
                int64_t r = a % b;
                a = b;
                b = r;
            }
            total += a;
        }
    }
    out[0] = total;
}
