"""A differential fuzzer over random Python functions."""
