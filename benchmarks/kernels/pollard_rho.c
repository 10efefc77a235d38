/* A factor of a 64-bit number by Pollard's method, after Floyd, with few divisors taken. */
#include <stdint.h>

static inline uint64_t step(uint64_t x, uint64_t offset, uint64_t n)
{
    return ((unsigned __int128)x * x + offset) % n;
}

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t n = in[0], offset = in[1], slow = 2, fast = 2, product = 1, steps = 0;
    for (;;) {
        slow = step(slow, offset, n);
        fast = step(fast, offset, n);
        fast = step(fast, offset, n);
        product = (unsigned __int128)product * (slow < fast ? fast - slow : slow - fast) % n;
        steps++;
        if ((steps & 127) == 0) {
            uint64_t a = n, b = product;
            while (b) {
                uint64_t r = a % b;
                a = b;
                b = r;
            }
            if (a > 1) {
                out[0] = a;
                out[1] = steps;
                return;
            }
        }
    }
}
