/* The Lorenz system by steps of the midpoint method: where it is at the end, as a sum. */
#include <stdint.h>

void kernel(const int64_t *in, double *out)
{
    double x = 1.0, y = 1.0, z = 1.0, step = 0.005;
    for (int64_t i = 0; i < in[0]; i++) {
        double u = x + step / 2.0 * (10.0 * (y - x));
        double v = y + step / 2.0 * (x * (28.0 - z) - y);
        double w = z + step / 2.0 * (x * y - 8.0 / 3.0 * z);
        x += step * (10.0 * (v - u));
        y += step * (u * (28.0 - w) - v);
        z += step * (u * v - 8.0 / 3.0 * w);
    }
    out[0] = x + y + z;
}
