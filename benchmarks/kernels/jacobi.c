/* Jacobi symbols of all residues of an odd number, counted. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], step = in[1], total = 0;
    for (int64_t i = 1; i < n; i += step) {
        int64_t a = i, b = n, sign = 1;
        while (a) {
            while ((a & 1) == 0) {
                a >>= 1;
                if ((b & 7) == 3 || (b & 7) == 5)
                    sign = -sign;
            }
            int64_t t = a;
            a = b;
            b = t;
            if ((a & 3) == 3 && (b & 3) == 3)
                sign = -sign;
            a %= b;
        }
        if (b == 1)
            total += sign * i;
    }
    out[0] = total;
}
