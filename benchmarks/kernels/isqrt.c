/* Integer square roots by Newton's method. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t value = i * i * 31 + i;
        if (value < 2) {
            total += value;
            continue;
        }
        int64_t x = (int64_t)1 << (64 - __builtin_clzll(value) + 1) / 2;
        int64_t y = (x + value / x) / 2;
        while (y < x) {
            x = y;
            y = (x + value / x) / 2;
        }
        total += x;
    }
    out[0] = total;
}
