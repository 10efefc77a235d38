"""Benchmarks: CPython beside tracejit on one machine, in one run, by pyperf."""
