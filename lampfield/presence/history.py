"""Keeps what people's lamps have shown, for as many days as their company says."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from call_records.logged_event import StateLogged
from call_records.person_history import forget_states
from lampfield.presence.followers import StateChange
from routing.model import Company
from routing.ports import Clock

_log = logging.getLogger(__name__)

A_DAY: Final = 86400.0
FORGET_EVERY: Final = 3600.0
"""Seconds between two looks at what has been kept for long enough."""


class StateHistory:
    """Takes each change of a person's state, and forgets the oldest."""

    def __init__(self, put: Callable[[StateLogged], None], database: Engine, clock: Clock) -> None:
        self._put = put
        self._database = database
        self._clock = clock
        self._days: dict[str, float] = {}

    def configure(self, companies: Iterable[Company]) -> None:
        """Go by the companies' days from now on."""
        self._days = {company.domain.lower(): company.statuses.history_days for company in companies}

    def changed(self, change: StateChange) -> None:
        """A person's state is another one."""
        if self._days.get(change.domain):
            state = change.state
            source = state.sources[0].name if state.sources else ""
            self._put(
                StateLogged(
                    change.domain,
                    change.person,
                    change.at,
                    state.condition,
                    state.reason,
                    state.note,
                    state.back_at,
                    source,
                )
            )

    async def run(self) -> None:
        """Forget what is too old, now and every hour, until cancelled."""
        while True:
            for domain, days in list(self._days.items()):
                try:
                    gone = await asyncio.to_thread(forget_states, self._database, domain, self._clock() - days * A_DAY)
                except SQLAlchemyError as error:
                    _log.warning("%s: past states cannot be forgotten now: %s", domain, error)
                    break
                if gone:
                    _log.info("%s: %d past states are forgotten", domain, gone)
            await asyncio.sleep(FORGET_EVERY)
