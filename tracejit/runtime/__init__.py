"""Bytes to results: code memory, the layouts of CPython's objects, entry, dispatch and resumption.

Everything that a decoration needs is imported without `dataclasses` or `typing`, which would take
longer than the decoration; what only compilation needs is imported then.
"""
