"""The example company of these tests: main number, menu, queue, hours, people."""

from typing import Any

import msgspec

from routing.model import Company, Destination, MainNumber, Menu, OpeningHours, OpenPeriod, Person, Queue

OFFICE = OpeningHours("office", "Europe/Copenhagen", ((OpenPeriod(8 * 60, 16 * 60),),) * 5 + ((),) * 2)


def queue(**changes: Any) -> Queue:
    """The sales queue with anna, bo and carl, changed as the test likes."""
    return msgspec.structs.replace(Queue("sales", ("anna", "bo", "carl")), **changes)


def menu(**changes: Any) -> Menu:
    """The main menu: 1 sales, 2 anna, 0 the operator dora."""
    base = Menu(
        "main",
        "menu",
        {"1": Destination("queue", "sales"), "2": Destination("person", "anna")},
        operator=Destination("person", "dora"),
    )
    return msgspec.structs.replace(base, **changes)


def company(**changes: Any) -> Company:
    """Nordlys, changed as the test likes."""
    people = {
        "anna": Person("anna", "Anna Holm", "201"),
        "bo": Person("bo", "Bo Lind", "202"),
        "carl": Person("carl", "Carl Berg", "203"),
        "dora": Person("dora", "Dora Dam", "204", outside_number="+4533221104"),
    }
    number = MainNumber(
        "+4533221100", Destination("menu", "main"), Destination("message", "closed"), "office", "greeting"
    )
    base = Company(
        id="nordlys",
        name="Nordlys A/S",
        domain="nordlys.example",
        country="DK",
        time_zone="Europe/Copenhagen",
        language="da",
        people=people,
        main_numbers={number.number: number},
        hours={"office": OFFICE},
        menus={"main": menu()},
        queues={"sales": queue()},
        queue_extensions={"300": "sales"},
        menu_extensions={"400": "main"},
    )
    return msgspec.structs.replace(base, **changes)
