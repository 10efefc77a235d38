/* Simpson's rule for functions that are given to it. */
#include <math.h>
#include <stdint.h>

static double rational(double x)
{
    return 4.0 / (1.0 + x * x);
}

static double bell(double x)
{
    return exp(-x * x);
}

static double simpson(double (*function)(double), double low, double high, int64_t n)
{
    double width = (high - low) / (double)n;
    double total = function(low) + function(high);
    for (int64_t i = 1; i < n; i += 2)
        total += 4.0 * function(low + (double)i * width);
    for (int64_t i = 2; i < n; i += 2)
        total += 2.0 * function(low + (double)i * width);
    return total * width / 3.0;
}

void kernel(const int64_t *in, int64_t *out)
{
    out[0] = (int64_t)(1e9 * (simpson(rational, 0.0, 1.0, in[0]) + simpson(bell, -3.0, 3.0, in[0])));
}
