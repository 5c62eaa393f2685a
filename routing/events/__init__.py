"""What happens to a call, as data. Records, lamps, the live view and every report are folds of these."""

from routing.events.call_event import CallEvent
from routing.events.recorded import (
    BoxFull,
    GreetingPutInUse,
    GreetingSaved,
    MessageDeleted,
    MessageHeard,
    MessageLeft,
    MessageLost,
)
from routing.events.talking import (
    CallBridged,
    CallHeld,
    CallPickedUp,
    CallRetrieved,
    CallTransferred,
    LegAnswered,
    LegEnded,
    LegRinging,
    TransferRequested,
)
from routing.events.treatment import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallForwarded,
    CallParked,
    CallRouted,
    CallTakenUp,
    CallUnparked,
    CustomerNumberGiven,
    FeatureCodeUsed,
    KeyPressed,
    LookupEnded,
    MenuEntered,
    MenuSilence,
    PromptPlayed,
    ToldWhenFree,
)
from routing.events.waiting import (
    CallbackDue,
    CallbackMissed,
    CallbackRequested,
    CalledBack,
    MissedCallHandled,
    OfferEnded,
    OfferMade,
    PlaceHeld,
    PlaceResumed,
    PositionAnnounced,
    QueueJoined,
    QueueLeft,
)

AnyCallEvent = (
    CallArrived
    | CallTakenUp
    | CallRouted
    | CallAnswered
    | PromptPlayed
    | MenuEntered
    | KeyPressed
    | MenuSilence
    | CustomerNumberGiven
    | LookupEnded
    | FeatureCodeUsed
    | QueueJoined
    | PositionAnnounced
    | OfferMade
    | OfferEnded
    | PlaceHeld
    | PlaceResumed
    | CallbackRequested
    | CallbackDue
    | CallbackMissed
    | CalledBack
    | MissedCallHandled
    | QueueLeft
    | LegRinging
    | LegAnswered
    | LegEnded
    | CallBridged
    | CallPickedUp
    | TransferRequested
    | CallTransferred
    | CallForwarded
    | CallParked
    | CallUnparked
    | ToldWhenFree
    | MessageLeft
    | MessageLost
    | BoxFull
    | MessageHeard
    | MessageDeleted
    | GreetingSaved
    | GreetingPutInUse
    | CallHeld
    | CallRetrieved
    | CallEnded
)

__all__ = [
    "AnyCallEvent",
    "BoxFull",
    "CallAnswered",
    "CallArrived",
    "CallBridged",
    "CallEnded",
    "CallEvent",
    "CallForwarded",
    "CallHeld",
    "CallParked",
    "CallPickedUp",
    "CallRetrieved",
    "CallRouted",
    "CallTakenUp",
    "CallTransferred",
    "CallUnparked",
    "CallbackDue",
    "CallbackMissed",
    "CallbackRequested",
    "CalledBack",
    "CustomerNumberGiven",
    "FeatureCodeUsed",
    "GreetingPutInUse",
    "GreetingSaved",
    "KeyPressed",
    "LegAnswered",
    "LegEnded",
    "LegRinging",
    "LookupEnded",
    "MenuEntered",
    "MenuSilence",
    "MessageDeleted",
    "MessageHeard",
    "MessageLeft",
    "MessageLost",
    "MissedCallHandled",
    "OfferEnded",
    "OfferMade",
    "PlaceHeld",
    "PlaceResumed",
    "PositionAnnounced",
    "PromptPlayed",
    "QueueJoined",
    "QueueLeft",
    "ToldWhenFree",
    "TransferRequested",
]
