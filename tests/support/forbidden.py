"""System calls that the kernel refuses to a process, as containers and service managers have it do (seccomp(2))."""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence

IO_URING = (425, 426, 427)
"""`io_uring_setup`, `io_uring_enter` and `io_uring_register`, on every architecture."""

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
"""Of prctl(2)."""
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
"""Instructions of the filter: the call's number, a comparison, the verdict."""
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def forbid(calls: Sequence[int]) -> None:
    """Have these calls fail with EPERM in this process and its children, for good."""
    instructions = [(_LOAD, 0, 0, 0)]
    instructions += [(_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    instructions += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE | errno.EPERM)]
    program = _Program(len(instructions), b"".join(struct.pack("=HBBI", *each) for each in instructions))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
