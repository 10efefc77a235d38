"""Plain Python functions, each run decorated beside CPython."""
