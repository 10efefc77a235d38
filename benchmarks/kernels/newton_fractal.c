/* How many of Newton's steps for z**3 - 1 lead to a root, for a grid of complex numbers. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t size = in[0], limit = in[1], total = 0;
    for (int64_t row = 0; row < size; row++)
        for (int64_t column = 0; column < size; column++) {
            double x = 4.0 * (double)column / (double)size - 2.0;
            double y = 4.0 * (double)row / (double)size - 2.0;
            int64_t steps = 0;
            while (steps < limit) {
                double xx = x * x - y * y, yy = 2.0 * x * y;
                double re = xx * x - yy * y - 1.0, im = xx * y + yy * x;
                double norm = 3.0 * (xx * xx + yy * yy);
                if (norm == 0.0)
                    break;
                double dx = (re * xx + im * yy) / norm, dy = (im * xx - re * yy) / norm;
                x -= dx;
                y -= dy;
                steps++;
                if (dx * dx + dy * dy < 1e-20)
                    break;
            }
            total += steps;
        }
    out[0] = total;
}
