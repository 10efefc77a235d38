/* Sum of a formula over a range. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 0; i < n; i++)
        total += i * i * 3 - 7 * i + (i & 15);
    out[0] = total;
}
