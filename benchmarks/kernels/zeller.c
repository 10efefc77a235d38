/* Zeller's congruence: Fridays that are the 13th, counted. */
#include <stdint.h>

void kernel(const int64_t *in, int64_t *out)
{
    int64_t first = in[0], last = in[1], fridays = 0;
    for (int64_t year = first; year < last; year++) {
        for (int64_t month = 1; month < 13; month++) {
            int64_t m = month, y = year;
            if (m < 3) {
                m += 12;
                y--;
            }
            int64_t century = y / 100, k = y % 100;
            int64_t weekday = 13 + 13 * (m + 1) / 5 + k + k / 4 + century / 4 - 2 * century;
            weekday %= 7;
            if (weekday < 0)
                weekday += 7;
            fridays += weekday == 6;
        }
    }
    out[0] = fridays;
}
