/* Partition counts modulo 2: the series of 1/((1-x)(1-x^2)...(1-x^63)) with 64 bits for terms. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t odd = 0;
    for (int64_t round = 0, rounds = in[0]; round < rounds; round++) {
        for (int64_t limit = 1; limit < 64; limit += 2) {
            uint64_t series = 1;
            for (int64_t part = 1; part <= limit; part++)
                for (int64_t shift = part; shift < 64; shift <<= 1)
                    series ^= series << shift;
            while (series) {
                odd += series & 1;
                series >>= 1;
            }
        }
    }
    out[0] = odd;
}
