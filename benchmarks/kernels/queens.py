"""Queens on a small board: bit masks, with the stacks of the search packed into integers."""

FAMILY = "plain"
ARGUMENTS = (7, 50)
ANSWER = (40 * 50, 551 * 50)
NOTE = "shifts to the left by a variable check that no bit is lost."


def kernel(n, rounds):
    full = (1 << n) - 1
    solutions = nodes = 0
    for _ in range(rounds):
        columns = left = right = row = 0
        free = full
        while row >= 0:
            here = free & full
            if here == 0:
                # Back to the row above.
                row -= 1
                columns >>= n
                left >>= n
                right >>= n
                free >>= n
                continue
            bit = here & -here
            free ^= bit
            nodes += 1
            if row == n - 1:
                solutions += 1
                continue
            column = (columns & full) | bit
            down_left = (((left & full) | bit) << 1) & full
            down_right = ((right & full) | bit) >> 1
            columns = (columns << n) | column
            left = (left << n) | down_left
            right = (right << n) | down_right
            free = (free << n) | (full & ~(column | down_left | down_right))
            row += 1
    return solutions, nodes
