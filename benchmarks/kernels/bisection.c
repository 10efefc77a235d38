/* Roots of x**3 - x - c by bisection, for many c, summed. */
#include <stdint.h>

static double cubic(double x, double c)
{
    return x * x * x - x - c;
}

static double root(double (*function)(double, double), double c, double low, double high)
{
    while (high - low > 1e-12) {
        double middle = (low + high) / 2.0;
        if (function(middle, c) < 0.0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void kernel(const int64_t *in, double *out)
{
    double total = 0.0;
    for (int64_t i = 1; i < in[0]; i++)
        total += root(cubic, (double)i * 0.01, 1.0, 3.0);
    out[0] = total;
}
