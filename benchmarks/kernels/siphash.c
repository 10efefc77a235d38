/* SipHash's round, with a counter as the message. */
#include <stdint.h>

static inline uint64_t rotate(uint64_t word, int count)
{
    return word << count | word >> (64 - count);
}

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t v0 = in[1] ^ 0x736F6D6570736575, v1 = in[2] ^ 0x646F72616E646F6D;
    uint64_t v2 = in[1] ^ 0x6C7967656E657261, v3 = in[2] ^ 0x7465646279746573;
    for (int64_t word = 0, n = in[0]; word < n; word++) {
        v3 ^= word;
        v0 += v1;
        v1 = rotate(v1, 13) ^ v0;
        v0 = rotate(v0, 32);
        v2 += v3;
        v3 = rotate(v3, 16) ^ v2;
        v0 += v3;
        v3 = rotate(v3, 21) ^ v0;
        v2 += v1;
        v1 = rotate(v1, 17) ^ v2;
        v2 = rotate(v2, 32);
        v0 ^= word;
    }
    out[0] = v0 ^ v1 ^ v2 ^ v3;
}
