/* Takeuchi's function, which calls itself for what it calls itself with. */
#include <stdint.h>

static int64_t tak(int64_t x, int64_t y, int64_t z)
{
    if (y >= x)
        return z;
    return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

void kernel(const int64_t *in, int64_t *out)
{
    out[0] = tak(in[0], in[1], in[2]);
}
