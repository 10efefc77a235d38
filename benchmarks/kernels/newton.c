/* Square roots by Newton's method, until nothing changes, summed. */
#include <math.h>
#include <stdint.h>

void kernel(const int64_t *in, double *out)
{
    double total = 0.0;
    for (int64_t number = 1; number < in[0]; number++) {
        double x = (double)number, last = 0.0;
        while (fabs(x - last) > 1e-12 * x) {
            last = x;
            x = (x + (double)number / x) / 2.0;
        }
        total += x;
    }
    out[0] = total;
}
