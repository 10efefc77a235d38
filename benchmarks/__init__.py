"""Benchmarks: CPython, tracejit, Numba, PyPy and C on one machine, in one run."""
