/* The generator PCG-XSH-RR with 32 bits of output: outputs combined. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    uint64_t increment = (uint64_t)in[2] << 1 | 1;
    uint64_t state = (increment + in[1]) * 6364136223846793005 + increment;
    uint32_t total = 0;
    for (int64_t i = 0, n = in[0]; i < n; i++) {
        uint32_t word = (state >> 18 ^ state) >> 27, turn = state >> 59;
        state = state * 6364136223846793005 + increment;
        total ^= word >> turn | word << (-turn & 31);
    }
    out[0] = total;
}
