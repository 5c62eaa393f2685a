"""How many streams one client may have open."""

import pytest

from provisioning.tokens import Client
from web.open_streams import OpenStreams
from web.problem import Problem

CRM = Client("nordlys", "crm", ("states",), 0.0)


def test_one_stream_too_many_is_refused_until_another_is_over() -> None:
    streams = OpenStreams(2)
    kept, ending = streams.open(CRM), streams.open(CRM)
    with pytest.raises(Problem) as refused:
        streams.open(CRM)
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "15"})
    assert str(refused.value) == "streams = 'crm': expected at most 2 open at once; close one"
    with ending:
        pass
    with kept, streams.open(CRM), pytest.raises(Problem):
        streams.open(CRM)


def test_clients_do_not_take_from_each_other() -> None:
    streams = OpenStreams(1)
    with streams.open(CRM):
        for other in (Client("nordlys", "wall", (), 0.0), Client("sydlys", "crm", (), 0.0)):
            streams.open(other)


def test_a_stream_that_fails_counts_no_more() -> None:
    streams = OpenStreams(1)
    with pytest.raises(ConnectionError), streams.open(CRM):
        raise ConnectionError
    streams.open(CRM)
