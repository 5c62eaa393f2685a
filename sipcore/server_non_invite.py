"""The non-INVITE server transaction: RFC 3261 §17.2.2 and Figure 8.

It only keeps the latest response for requests that come again; Timer J ends it.
"""

from typing import Final

from sipcore.transaction import Do, Input, Machine, State, Step

_ANSWERED: Final = Step(State.COMPLETED, (Do.SEND_RESPONSE, Do.START_J))

SERVER_NON_INVITE: Final = Machine(
    "non-INVITE server",
    False,
    Step(State.TRYING, (Do.PASS_UP,)),
    {
        (State.TRYING, Input.SENT_1XX): Step(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        (State.TRYING, Input.SENT_2XX): _ANSWERED,
        (State.TRYING, Input.SENT_300_TO_699): _ANSWERED,
        (State.PROCEEDING, Input.RETRANSMISSION): Step(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        (State.PROCEEDING, Input.SENT_1XX): Step(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        (State.PROCEEDING, Input.SENT_2XX): _ANSWERED,
        (State.PROCEEDING, Input.SENT_300_TO_699): _ANSWERED,
        (State.COMPLETED, Input.RETRANSMISSION): Step(State.COMPLETED, (Do.SEND_RESPONSE,)),
        (State.COMPLETED, Input.TIMER_J): Step(State.TERMINATED, ()),
    },
)
