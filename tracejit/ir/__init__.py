"""The intermediate representation: exact integers in SSA form with block parameters.

Every other room reads and writes this data; this room knows nothing of theirs.
"""
