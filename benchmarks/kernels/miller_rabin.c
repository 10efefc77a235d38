/* The Miller-Rabin test: primes among the last odd numbers below 2**64, counted. */
#include <stdint.h>

static inline uint64_t times(uint64_t a, uint64_t b, uint64_t n)
{
    return (unsigned __int128)a * b % n;
}

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t first = in[0], count = in[1], primes = 0;
    for (uint64_t index = 0; index < count; index++) {
        uint64_t n = first + 2 * index, odd = n - 1, twos = 0, base;
        while ((odd & 1) == 0) {
            odd >>= 1;
            twos++;
        }
        for (base = 2; base < 8; base++) {
            uint64_t power = 1, square = base, exponent = odd, left = twos;
            while (exponent) {
                if (exponent & 1)
                    power = times(power, square, n);
                square = times(square, square, n);
                exponent >>= 1;
            }
            while (left && power != 1 && power != n - 1) {
                power = times(power, power, n);
                left--;
            }
            if (power != n - 1 && (power != 1 || left != twos))
                break;
        }
        primes += base == 8;
    }
    out[0] = primes;
}
