/* Words of 64 bits reversed by swapping ever larger groups of bits. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t total = 0;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        uint64_t x = i * 0x9E3779B97F4A7C15u;
        x = (x >> 1 & 0x5555555555555555) | (x & 0x5555555555555555) << 1;
        x = (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
        x = (x >> 4 & 0x0F0F0F0F0F0F0F0F) | (x & 0x0F0F0F0F0F0F0F0F) << 4;
        x = (x >> 8 & 0x00FF00FF00FF00FF) | (x & 0x00FF00FF00FF00FF) << 8;
        x = (x >> 16 & 0x0000FFFF0000FFFF) | (x & 0x0000FFFF0000FFFF) << 16;
        total ^= x >> 32 | x << 32;
    }
    out[0] = total;
}
