"""From IR to better IR: one pass per file, in the order that `pipeline` lists.

Knows `tracejit.ir` and nothing else of the house.
"""
