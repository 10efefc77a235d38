/* The area of a quarter of a circle, by points from a linear congruential generator. */
#include <stdint.h>

void kernel(const int64_t *in, double *out)
{
    int64_t points = in[0], state = in[1], inside = 0;
    for (int64_t i = 0; i < points; i++) {
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF;
        double x = (double)state / 2147483648.0;
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF;
        double y = (double)state / 2147483648.0;
        if (x * x + y * y < 1.0)
            inside++;
    }
    out[0] = 4.0 * (double)inside / (double)points;
}
