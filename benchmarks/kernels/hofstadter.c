/* Hofstadter's female sequence, which the male one is defined by, and the other way round. */
#include <stdint.h>

static int64_t male(int64_t n);

static int64_t female(int64_t n)
{
    return n ? n - male(female(n - 1)) : 1;
}

static int64_t male(int64_t n)
{
    return n ? n - female(male(n - 1)) : 0;
}

void kernel(const int64_t *in, int64_t *out)
{
    out[0] = female(in[0]);
}
