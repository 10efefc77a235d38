/* Set bits counted one at a time. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t x = i * 2654435761;
        while (x) {
            x &= x - 1;
            total++;
        }
    }
    out[0] = total;
}
