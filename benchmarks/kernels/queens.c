/* Queens on a small board: bit masks, with the stacks of the search packed into integers. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t n = in[0], rounds = in[1], full = ((int64_t)1 << n) - 1, solutions = 0, nodes = 0;
    for (int64_t round = 0; round < rounds; round++) {
        int64_t columns = 0, left = 0, right = 0, row = 0, free = full;
        while (row >= 0) {
            int64_t here = free & full;
            if (here == 0) {
                row--;
                columns >>= n;
                left >>= n;
                right >>= n;
                free >>= n;
                continue;
            }
            int64_t bit = here & -here;
            free ^= bit;
            nodes++;
            if (row == n - 1) {
                solutions++;
                continue;
            }
            int64_t column = (columns & full) | bit;
            int64_t down_left = ((left & full) | bit) << 1 & full;
            int64_t down_right = ((right & full) | bit) >> 1;
            columns = columns << n | column;
            left = left << n | down_left;
            right = right << n | down_right;
            free = free << n | (full & ~(column | down_left | down_right));
            row++;
        }
    }
    out[0] = solutions;
    out[1] = nodes;
}
