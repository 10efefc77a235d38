"""Machine-stage IR to machine code: instruction selection, register allocation, assembly.

Knows the intermediate representation and nothing else of the house. Keystone is used in `assembler`
only.
"""
