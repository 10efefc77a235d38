/* Gray codes there and back. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], check = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t gray = i ^ i >> 1, back = gray;
        for (int64_t shift = 1; shift < 32; shift <<= 1)
            back ^= back >> shift;
        check += (back == i) + (gray & 1);
    }
    out[0] = check;
}
