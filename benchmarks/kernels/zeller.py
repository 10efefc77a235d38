"""Zeller's congruence: Fridays that are the 13th, counted."""

FAMILY = "plain"
ARGUMENTS = (1600, 6000)
ANSWER = 7568


def kernel(first, last):
    fridays = 0
    for year in range(first, last):
        for month in range(1, 13):
            m = month
            y = year
            if m < 3:
                m += 12
                y -= 1
            century, k = divmod(y, 100)
            weekday = (13 + 13 * (m + 1) // 5 + k + k // 4 + century // 4 - 2 * century) % 7
            fridays += weekday == 6
    return fridays
