/* The longest Collatz chain that starts below a limit. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t limit = in[0], best = 0, best_start = 0;
    for (int64_t start = 1; start < limit; start++) {
        int64_t n = start, steps = 0;
        while (n != 1) {
            n = n % 2 == 0 ? n / 2 : 3 * n + 1;
            steps++;
        }
        if (steps > best) {
            best = steps;
            best_start = start;
        }
    }
    out[0] = best_start;
    out[1] = best;
}
