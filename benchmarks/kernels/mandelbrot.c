/* The Mandelbrot set in fixed-point numbers with 24 bits after the point: iterations, summed. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t size = in[0], limit = in[1], total = 0;
    for (int64_t row = 0; row < size; row++) {
        for (int64_t column = 0; column < size; column++) {
            int64_t a = (column * 3 << 24) / size - (2 << 24);
            int64_t b = (row * 2 << 24) / size - (1 << 24);
            int64_t x = 0, y = 0, steps = 0;
            while (steps < limit) {
                int64_t square_x = x * x >> 24, square_y = y * y >> 24;
                if (square_x + square_y > 4 << 24)
                    break;
                y = (x * y >> 23) + b;
                x = square_x - square_y + a;
                steps++;
            }
            total += steps;
        }
    }
    out[0] = total;
}
