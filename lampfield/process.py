"""Runs one of the processes of `lampfield serve`: `python -m lampfield.process lampfield.signalling ARGUMENTS`.

While its modules are imported the garbage collector rests: of what they make nothing goes, and to look through it again
and again was an eighth of the time in which signalling comes back after a crash.
"""

import gc
import sys
from importlib import import_module


def main() -> None:
    """Import the module and run its `main`, which finds its own arguments and may return the exit status."""
    gc.disable()
    name = sys.argv.pop(1)
    module = import_module(name)
    gc.enable()
    sys.exit(module.main())


if __name__ == "__main__":
    main()
