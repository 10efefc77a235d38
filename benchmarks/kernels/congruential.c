/* A linear congruential generator under a 31-bit mask. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], x = in[1], high = 0;
    for (int64_t i = 0; i < n; i++) {
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF;
        if (x > 0x3FFFFFFF)
            high++;
    }
    out[0] = high;
    out[1] = x;
}
