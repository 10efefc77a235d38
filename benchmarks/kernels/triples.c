/* Pythagorean triples with a perimeter below a limit. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t limit = in[0], count = 0;
    for (int64_t a = 1; a < limit / 3; a++) {
        for (int64_t b = a + 1; b < limit / 2; b++) {
            int64_t c = limit - a - b;
            while (c > b && a * a + b * b < c * c)
                c--;
            if (c > b && a * a + b * b == c * c)
                count++;
        }
    }
    out[0] = count;
}
