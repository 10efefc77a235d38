/* Ackermann's function, several hundred calls deep. */
#include <stdint.h>

static int64_t ackermann(int64_t m, int64_t n)
{
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

void kernel(const int64_t *in, int64_t *out)
{
    out[0] = ackermann(in[0], in[1]);
}
