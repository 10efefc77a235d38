/* Perfect numbers below a limit, by adding up every divisor. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], found = 0;
    for (int64_t i = 2; i < n; i++) {
        int64_t divisors = 1;
        for (int64_t d = 2; d < i / 2 + 1; d++)
            if (i % d == 0)
                divisors += d;
        if (divisors == i)
            found = found * 1000 + i;
    }
    out[0] = found;
}
