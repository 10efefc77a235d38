"""Machine-stage IR to machine code: instruction selection, register allocation, assembly.

In this order: `lower.lower`, `regalloc.allocate`, `regalloc_checker.check` in tests, `emit.emit`,
`linker.link`. Knows the intermediate representation and nothing else of the house; Keystone
is used in `assembler` only.
"""
