/* Prices of European call options by Black and Scholes, summed. */
#include <math.h>
#include <stdint.h>

static double normal(double x)
{
    return 0.5 * (1.0 + erf(x / sqrt(2.0)));
}

static double price(double spot, double strike, double years, double rate, double volatility)
{
    double spread = volatility * sqrt(years);
    double upper = (log(spot / strike) + (rate + volatility * volatility / 2.0) * years) / spread;
    return spot * normal(upper) - strike * exp(-rate * years) * normal(upper - spread);
}

void kernel(const int64_t *in, int64_t *out)
{
    double total = 0.0;
    for (int64_t i = 0; i < in[0]; i++)
        total += price(80.0 + (double)(i % 41), 100.0, 0.25 + (double)(i % 8) * 0.25, 0.03,
                       0.1 + (double)(i % 5) * 0.05);
    out[0] = (int64_t)(1e6 * total);
}
