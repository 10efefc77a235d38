"""The proof: filetests by stage, programs against CPython, a fuzzer, the house in order."""
