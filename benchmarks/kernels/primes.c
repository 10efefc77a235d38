/* Primes below a limit, counted by trial division. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], count = 0;
    for (int64_t candidate = 2; candidate < n; candidate++) {
        int64_t divisor = 2;
        while (divisor * divisor <= candidate) {
            if (candidate % divisor == 0)
                goto composite;
            divisor++;
        }
        count++;
composite:;
    }
    out[0] = count;
}
