"""The non-INVITE client transaction: RFC 3261 §17.1.2 and Figure 6.

The request is sent again at Timer E, doubling up to T2, and at T2 once a provisional response came; Timer F gives up.
Timer K then soaks up late copies of the final response.
"""

from typing import Final

from sipcore.transaction import Do, Input, Machine, State, Step

_ANSWERED: Final = Step(State.COMPLETED, (Do.PASS_UP, Do.START_K))

CLIENT_NON_INVITE: Final = Machine(
    "non-INVITE client",
    True,
    Step(State.TRYING, (Do.SEND_REQUEST, Do.START_E, Do.START_F)),
    {
        (State.TRYING, Input.TIMER_E): Step(State.TRYING, (Do.SEND_REQUEST, Do.REPEAT_E)),
        (State.TRYING, Input.TIMER_F): Step(State.TERMINATED, (Do.REPORT_TIMEOUT,)),
        (State.TRYING, Input.TRANSPORT_ERROR): Step(State.TERMINATED, (Do.REPORT_TRANSPORT_ERROR,)),
        (State.TRYING, Input.RECEIVED_1XX): Step(State.PROCEEDING, (Do.PASS_UP,)),
        (State.TRYING, Input.RECEIVED_2XX): _ANSWERED,
        (State.TRYING, Input.RECEIVED_300_TO_699): _ANSWERED,
        (State.PROCEEDING, Input.TIMER_E): Step(State.PROCEEDING, (Do.SEND_REQUEST, Do.SLOW_E)),
        (State.PROCEEDING, Input.TIMER_F): Step(State.TERMINATED, (Do.REPORT_TIMEOUT,)),
        (State.PROCEEDING, Input.TRANSPORT_ERROR): Step(State.TERMINATED, (Do.REPORT_TRANSPORT_ERROR,)),
        (State.PROCEEDING, Input.RECEIVED_1XX): Step(State.PROCEEDING, (Do.PASS_UP,)),
        (State.PROCEEDING, Input.RECEIVED_2XX): _ANSWERED,
        (State.PROCEEDING, Input.RECEIVED_300_TO_699): _ANSWERED,
        (State.COMPLETED, Input.TIMER_K): Step(State.TERMINATED, ()),
    },
)
