"""Where a caller has been and may come back to."""

from routing.model import Destination


class Places:
    """The menus (or kept places in a queue) that led the caller to where they are, the last one at the end."""

    def __init__(self) -> None:
        self._way: list[Destination] = []

    @property
    def menus(self) -> tuple[str, ...]:
        """The menus among them, by name."""
        return tuple([place.name for place in self._way if place.kind == "menu"])

    def came_to(self, place: Destination) -> None:
        """The caller is here now; who comes to a place for the second time has gone back to it."""
        if place in self._way:
            del self._way[self._way.index(place) :]
        self._way.append(place)

    def left(self, place: Destination) -> None:
        """Nobody can come back to it any more."""
        if place in self._way:
            self._way.remove(place)

    def back(self) -> Destination | None:
        """Where who leaves what is no place itself (a message, the hours) comes back to; None for nowhere."""
        return self._way[-1] if self._way else None

    def before(self, place: Destination) -> Destination:
        """Where who goes back from a place comes to; the place itself when it was the first."""
        if place in self._way[1:]:
            return self._way[self._way.index(place) - 1]
        return place
