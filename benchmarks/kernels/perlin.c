/* Perlin's noise in a plane, with gradients from a hash of the corners. */
#include <math.h>
#include <stdint.h>

static double corner(int64_t x, int64_t y, double dx, double dy)
{
    int64_t mixed = (x * 374761393 + y * 668265263) & 0xFFFFFFFF;
    mixed = ((mixed ^ (mixed >> 13)) * 1274126177) & 0xFFFFFFFF;
    int64_t direction = (mixed ^ (mixed >> 16)) & 3;
    double u = direction & 1 ? dx : -dx;
    double v = direction & 2 ? dy : -dy;
    return u + v;
}

static double faded(double t)
{
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
}

static double noise(double x, double y)
{
    int64_t left = (int64_t)floor(x), below = (int64_t)floor(y);
    double dx = x - (double)left, dy = y - (double)below;
    double u = faded(dx), v = faded(dy);
    double low = corner(left, below, dx, dy), low_right = corner(left + 1, below, dx - 1.0, dy);
    double high = corner(left, below + 1, dx, dy - 1.0);
    double high_right = corner(left + 1, below + 1, dx - 1.0, dy - 1.0);
    double lower = low + u * (low_right - low), upper = high + u * (high_right - high);
    return lower + v * (upper - lower);
}

void kernel(const int64_t *in, double *out)
{
    double total = 0.0;
    for (int64_t row = 0; row < in[0]; row++)
        for (int64_t column = 0; column < in[0]; column++)
            total += fabs(noise((double)column * 0.13, (double)row * 0.13));
    out[0] = total;
}
