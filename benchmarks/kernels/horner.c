/* A polynomial of degree 8 by Horner's scheme, summed over an interval. */
#include <stdint.h>

void kernel(const int64_t *in, double *out)
{
    int64_t n = in[0];
    double total = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double x = (double)i / (double)n;
        total += ((((((((0.5 * x - 1.25) * x + 2.0) * x - 0.75) * x + 3.5) * x - 1.5) * x
                   + 0.25) * x) - 2.0) * x + 1.0;
    }
    out[0] = total;
}
