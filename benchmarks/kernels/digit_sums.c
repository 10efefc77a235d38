/* Decimal digit sums of the numbers below a limit. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t x = i;
        while (x) {
            total += x % 10;
            x /= 10;
        }
    }
    out[0] = total;
}
