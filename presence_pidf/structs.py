"""What records are made of in the modules of this package that are compiled; this one stays Python.

The compiler leaves out what stands beside the base of a class, as `frozen=True`; a struct has it from its base then.
"""

import msgspec


class Value(msgspec.Struct, frozen=True):
    """A record that never changes."""


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """A value that holds nothing that could lead back to it, so that the garbage collector need not look at it."""
