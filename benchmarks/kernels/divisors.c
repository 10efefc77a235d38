/* Sums of divisors, in pairs up to the square root. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 1; i < n; i++) {
        for (int64_t d = 1; d * d <= i; d++) {
            int64_t q = i / d, r = i % d;
            if (r == 0) {
                total += d;
                if (q != d)
                    total += q;
            }
        }
    }
    out[0] = total;
}
