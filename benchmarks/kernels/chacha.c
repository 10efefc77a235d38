/* ChaCha's quarter round on four words of 32 bits, again and again. */
#include <stdint.h>

static inline uint32_t rotate(uint32_t word, int count)
{
    return word << count | word >> (32 - count);
}

void kernel(const int64_t *in, int64_t *out)
{
    uint32_t a = 0x11111111, b = 0x01020304, c = 0x9B8D6F43, d = 0x01234567;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        a += b;
        d = rotate(d ^ a, 16);
        c += d;
        b = rotate(b ^ c, 12);
        a += b;
        d = rotate(d ^ a, 8);
        c += d;
        b = rotate(b ^ c, 7);
    }
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
}
