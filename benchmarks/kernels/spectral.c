/* Products of a matrix that a function gives, as in the spectral norm, in fixed point. */
#include <stdint.h>

static int64_t element(int64_t i, int64_t j)
{
    return (i + j) * (i + j + 1) / 2 + i + 1;
}

static int64_t row_times(int64_t i, int64_t n, int64_t weight)
{
    int64_t total = 0;
    for (int64_t j = 0; j < n; j++)
        total += (weight + j) * 1000000 / element(i, j);
    return total;
}

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], rounds = in[1], norm = 0;
    for (int64_t weight = 0; weight < rounds; weight++)
        for (int64_t i = 0; i < n; i++)
            norm += row_times(i, n, weight);
    out[0] = norm;
}
