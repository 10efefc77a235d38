"""Great-circle distances between points on a globe, summed."""

from math import asin, cos, radians, sin, sqrt

FAMILY = "calls"
ARGUMENTS = (120,)
ANSWER = 66646394195


def distance(lat1, lon1, lat2, lon2):
    lat1, lat2 = radians(lat1), radians(lat2)
    across, along = sin((lat2 - lat1) / 2.0), sin(radians(lon2 - lon1) / 2.0)
    part = across * across + cos(lat1) * cos(lat2) * along * along
    return 2.0 * 6371.0 * asin(sqrt(part))


def kernel(n):
    total = 0.0
    for i in range(n):
        for j in range(i):
            total += distance(i * 1.25 - 75.0, i * 2.5, j * 1.25 - 75.0, j * 2.5)
    return int(1e3 * total)
