/* Three nested loops with a little arithmetic in the innermost. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            for (int64_t k = 0; k < n; k++)
                total += (i ^ j) * k - (i & k);
    out[0] = total;
}
