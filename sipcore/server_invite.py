"""The INVITE server transaction: RFC 3261 §17.2.1 and Figure 7, as RFC 6026 §7.1 and §8.5 to §8.7 change it.

Final responses 300 to 699 are sent again at Timer G until the ACK comes or Timer H gives up, but for those to who has
heard nothing before; Timer I then soaks up late ACKs. A 2xx is sent again by the session, not here; Timer L stays so
that a late INVITE is not taken for a new one.
"""

from typing import Final

from sipcore.transaction import Do, Input, Machine, State, Step

SERVER_INVITE: Final = Machine(
    "INVITE server",
    False,
    Step(State.PROCEEDING, (Do.PASS_UP,)),
    {
        (State.PROCEEDING, Input.RETRANSMISSION): Step(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        (State.PROCEEDING, Input.SENT_1XX): Step(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        (State.PROCEEDING, Input.SENT_2XX): Step(State.ACCEPTED, (Do.SEND_RESPONSE, Do.START_L)),
        (State.PROCEEDING, Input.SENT_300_TO_699): Step(State.COMPLETED, (Do.SEND_RESPONSE, Do.START_G, Do.START_H)),
        # Who has heard nothing yet sends the INVITE again by itself. To who has not even proved to be there nothing is
        # repeated: a false source address would draw ten times as much to somebody else (RFC 3261 §26.3.2.4).
        (State.PROCEEDING, Input.REFUSED_AT_ONCE): Step(State.COMPLETED, (Do.SEND_RESPONSE, Do.START_H)),
        (State.PROCEEDING, Input.TRANSPORT_ERROR): Step(State.PROCEEDING, (Do.REPORT_TRANSPORT_ERROR,)),
        (State.COMPLETED, Input.RETRANSMISSION): Step(State.COMPLETED, (Do.SEND_RESPONSE,)),
        (State.COMPLETED, Input.TIMER_G): Step(State.COMPLETED, (Do.SEND_RESPONSE, Do.REPEAT_G)),
        (State.COMPLETED, Input.ACK): Step(State.CONFIRMED, (Do.START_I,)),
        # The user has given the call up already: that its refusal was never acknowledged changes nothing for it.
        (State.COMPLETED, Input.TIMER_H): Step(State.TERMINATED, ()),
        (State.CONFIRMED, Input.TIMER_I): Step(State.TERMINATED, ()),
        # A late INVITE is absorbed; the session itself sends the 2xx again.
        (State.ACCEPTED, Input.SENT_2XX): Step(State.ACCEPTED, (Do.SEND_RESPONSE,)),
        (State.ACCEPTED, Input.ACK): Step(State.ACCEPTED, (Do.PASS_UP,)),
        (State.ACCEPTED, Input.TIMER_L): Step(State.TERMINATED, ()),
    },
)
