/* The Mandelbrot set in floats: iterations, summed. */
#include <stdint.h>

void kernel(const int64_t *in, double *out)
{
    int64_t size = in[0], limit = in[1];
    double total = 0.0;
    for (int64_t row = 0; row < size; row++) {
        double b = 2.0 * row / size - 1.0;
        for (int64_t column = 0; column < size; column++) {
            double a = 3.0 * column / size - 2.0, x = 0.0, y = 0.0;
            int64_t steps = 0;
            while (steps < limit && x * x + y * y <= 4.0) {
                double next = x * x - y * y + a;
                y = 2.0 * x * y + b;
                x = next;
                steps++;
            }
            total += steps;
        }
    }
    out[0] = total;
}
