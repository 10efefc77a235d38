/* Great-circle distances between points on a globe, summed. */
#include <math.h>
#include <stdint.h>

static double radians(double degrees)
{
    return degrees * (3.14159265358979323846 / 180.0);
}

static double distance(double lat1, double lon1, double lat2, double lon2)
{
    lat1 = radians(lat1), lat2 = radians(lat2);
    double across = sin((lat2 - lat1) / 2.0), along = sin(radians(lon2 - lon1) / 2.0);
    double part = across * across + cos(lat1) * cos(lat2) * along * along;
    return 2.0 * 6371.0 * asin(sqrt(part));
}

void kernel(const int64_t *in, int64_t *out)
{
    double total = 0.0;
    for (int64_t i = 0; i < in[0]; i++)
        for (int64_t j = 0; j < i; j++)
            total += distance((double)i * 1.25 - 75.0, (double)i * 2.5, (double)j * 1.25 - 75.0,
                              (double)j * 2.5);
    out[0] = (int64_t)(1e3 * total);
}
