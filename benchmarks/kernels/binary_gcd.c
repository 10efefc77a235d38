/* Greatest common divisors by shifts and subtractions, summed. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], total = 0;
    for (int64_t i = 1; i < n; i++) {
        int64_t a = i * 7919, b = 8648640 + i, twos = 0;
        while (((a | b) & 1) == 0) {
            a >>= 1;
            b >>= 1;
            twos++;
        }
        while ((a & 1) == 0)
            a >>= 1;
        while (b) {
            while ((b & 1) == 0)
                b >>= 1;
            if (a > b) {
                int64_t t = a;
                a = b;
                b = t;
            }
            b -= a;
        }
        total += a << twos;
    }
    out[0] = total;
}
