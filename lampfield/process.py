"""Runs one of the processes of `lampfield serve`: `python -m lampfield.process lampfield.signalling PIPE ARGUMENTS`.

Its modules are imported first; then it waits until a byte comes from the pipe of that number, and ends when the pipe is
closed instead. So a process can stand ready for the moment when it is needed.
"""

import faulthandler
import gc
import os
import resource
import sys
from importlib import import_module


def main() -> None:
    """Import the module and run its `main`, which finds its own arguments and may return the exit status."""
    # A fault in compiled code, or being killed for standing still, is told with what each thread was at.
    faulthandler.enable()
    # Each phone on TCP and each client of the API has a descriptor; systems give 1024 of them unless asked for more.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # Of what modules make nothing goes: to look through it again and again was an eighth of a start.
    gc.disable()
    name, pipe = sys.argv.pop(1), int(sys.argv.pop(1))
    module = import_module(name)
    gc.collect()
    gc.freeze()
    gc.enable()
    told = os.read(pipe, 1)
    os.close(pipe)
    if told:
        sys.exit(module.main())


if __name__ == "__main__":
    main()
