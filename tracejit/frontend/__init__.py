"""Bytecode to IR: the exact stage of a version, traced from a code object for the argument types.

The bytecode is run symbolically, once per block and per shapes that the block is entered with.
Knows `tracejit.ir`, and `bytecode` in `decode`.
"""
