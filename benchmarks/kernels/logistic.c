/* The logistic map in its chaotic range: the last value. */
#include <stdint.h>

void kernel(const int64_t *in, double *out)
{
    double x = 0.5;
    for (int64_t i = 0; i < in[0]; i++)
        x = 3.7 * x * (1.0 - x);
    out[0] = x;
}
