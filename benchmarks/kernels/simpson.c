/* Simpson's rule for 4 / (1 + x * x) from 0 to 1, with the function written in. */
#include <stdint.h>

void kernel(const int64_t *in, double *out)
{
    int64_t n = in[0];
    double width = 1.0 / (double)n, total = 4.0 + 2.0;
    for (int64_t i = 1; i < n; i++) {
        double x = (double)i * width, weight = i % 2 ? 4.0 : 2.0;
        total += weight * 4.0 / (1.0 + x * x);
    }
    out[0] = total * width / 3.0;
}
