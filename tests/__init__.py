"""The proof: text tests by stage, programs against CPython, a fuzzer, and what keeps the house in order."""
