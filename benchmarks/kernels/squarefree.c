/* Mertens' function: the Moebius function, a function with a loop and three returns, added up. */
#include <stdint.h>

static int64_t moebius(int64_t n)
{
    int64_t sign = 1;
    for (int64_t d = 2; d * d <= n; d++)
        if (n % d == 0) {
            n /= d;
            if (n % d == 0)
                return 0;
            sign = -sign;
        }
    return n > 1 ? -sign : sign;
}

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t k = 1; k < n; k++)
        total = (total * 3 + moebius(k)) & 0xFFFFFFFF;
    out[0] = total;
}
