"""How long the timers of the transaction machines run, by what starts them."""

from typing import Final

from sipcore.timers import T1, T2, T4, TRANSACTION_TIMEOUT
from sipcore.transaction import Do, Input

LIFETIMES: Final = {
    Do.START_B: (Input.TIMER_B, TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT),
    Do.START_D: (Input.TIMER_D, TRANSACTION_TIMEOUT, 0.0),
    Do.START_F: (Input.TIMER_F, TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT),
    Do.START_H: (Input.TIMER_H, TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT),
    Do.START_I: (Input.TIMER_I, T4, 0.0),
    Do.START_J: (Input.TIMER_J, TRANSACTION_TIMEOUT, 0.0),
    Do.START_K: (Input.TIMER_K, T4, 0.0),
    Do.START_L: (Input.TIMER_L, TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT),
    Do.START_M: (Input.TIMER_M, TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT),
}
"""Timers that end a state: seconds over UDP, seconds over a reliable transport (RFC 3261 Table 4, RFC 6026 §8.4)."""

RESENDS: Final = {
    Do.START_A: (Input.TIMER_A, T1, T1),
    Do.REPEAT_A: (Input.TIMER_A, T1, TRANSACTION_TIMEOUT),
    Do.START_E: (Input.TIMER_E, T1, T1),
    Do.REPEAT_E: (Input.TIMER_E, T1, T2),
    Do.SLOW_E: (Input.TIMER_E, T2, T2),
    Do.START_G: (Input.TIMER_G, T1, T1),
    Do.REPEAT_G: (Input.TIMER_G, T1, T2),
}
"""Timers that send again, over UDP only: least and most seconds of the interval, which doubles each time."""
