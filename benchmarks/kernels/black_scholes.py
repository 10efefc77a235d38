"""Prices of European call options by Black and Scholes, summed."""

from math import erf, exp, log, sqrt

FAMILY = "calls"
ARGUMENTS = (5_000,)
ANSWER = 56203517424


def normal(x):
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


def price(spot, strike, years, rate, volatility):
    spread = volatility * sqrt(years)
    upper = (log(spot / strike) + (rate + volatility * volatility / 2.0) * years) / spread
    return spot * normal(upper) - strike * exp(-rate * years) * normal(upper - spread)


def kernel(n):
    total = 0.0
    for i in range(n):
        total += price(80.0 + i % 41, 100.0, 0.25 + i % 8 * 0.25, 0.03, 0.1 + i % 5 * 0.05)
    return int(1e6 * total)
