"""Kernels: each module has a `kernel`, its ARGUMENTS, and the ANSWER that it must give.

FAMILY says what the arithmetic is like: `plain`, `masked` (reduced by masks), `modular` (reduced by
moduli) or `floats`. NOTE says where the time goes that C does not take, if that is much. Beside
each module is the same in C, where integers have 64 bits and wrap.
"""
