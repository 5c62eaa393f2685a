"""The INVITE client transaction: RFC 3261 §17.1.1 and Figure 5, as RFC 6026 §7.2 and §8.4 change it.

The request is sent again at Timer A until anything comes back, and given up at Timer B. Final responses 300 to 699 are
acknowledged here. A 2xx is passed up each time it comes, because only the dialog can acknowledge it; Timer M ends that.
"""

from typing import Final

from sipcore.transaction import Do, Input, Machine, State, Step

CLIENT_INVITE: Final = Machine(
    "INVITE client",
    True,
    Step(State.CALLING, (Do.SEND_REQUEST, Do.START_A, Do.START_B)),
    {
        (State.CALLING, Input.TIMER_A): Step(State.CALLING, (Do.SEND_REQUEST, Do.REPEAT_A)),
        (State.CALLING, Input.TIMER_B): Step(State.TERMINATED, (Do.REPORT_TIMEOUT,)),
        (State.CALLING, Input.TRANSPORT_ERROR): Step(State.TERMINATED, (Do.REPORT_TRANSPORT_ERROR,)),
        (State.CALLING, Input.RECEIVED_1XX): Step(State.PROCEEDING, (Do.PASS_UP,)),
        (State.CALLING, Input.RECEIVED_2XX): Step(State.ACCEPTED, (Do.PASS_UP, Do.START_M)),
        (State.CALLING, Input.RECEIVED_300_TO_699): Step(State.COMPLETED, (Do.SEND_ACK, Do.PASS_UP, Do.START_D)),
        (State.PROCEEDING, Input.RECEIVED_1XX): Step(State.PROCEEDING, (Do.PASS_UP,)),
        (State.PROCEEDING, Input.RECEIVED_2XX): Step(State.ACCEPTED, (Do.PASS_UP, Do.START_M)),
        (State.PROCEEDING, Input.RECEIVED_300_TO_699): Step(State.COMPLETED, (Do.SEND_ACK, Do.PASS_UP, Do.START_D)),
        (State.PROCEEDING, Input.GIVEN_UP): Step(State.TERMINATED, (Do.REPORT_TIMEOUT,)),
        # A connection that ends while the call rings can bring no answer any more.
        (State.PROCEEDING, Input.TRANSPORT_ERROR): Step(State.TERMINATED, (Do.REPORT_TRANSPORT_ERROR,)),
        (State.COMPLETED, Input.RECEIVED_300_TO_699): Step(State.COMPLETED, (Do.SEND_ACK,)),
        (State.COMPLETED, Input.TRANSPORT_ERROR): Step(State.TERMINATED, ()),
        (State.COMPLETED, Input.TIMER_D): Step(State.TERMINATED, ()),
        # Another fork answered, or the ACK of our dialog was lost.
        (State.ACCEPTED, Input.RECEIVED_2XX): Step(State.ACCEPTED, (Do.PASS_UP,)),
        (State.ACCEPTED, Input.TIMER_M): Step(State.TERMINATED, ()),
    },
)
