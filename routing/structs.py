"""What the records of this package are made of. This module stays Python where others are compiled.

The compiler leaves out what stands beside the base of a class, as `frozen=True`; a struct has it from its base then.
"""

import msgspec


class Value(msgspec.Struct, frozen=True):
    """A record that never changes."""
