from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from redis_server import Server

NAMES = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis that all tests of a module use, each under a name of its own."""
    found = Server(tmp_path_factory.mktemp("redis"))
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis to stop and start."""
    found = Server(tmp_path_factory.mktemp("redis"))
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def name() -> str:
    """A name under which nobody shares anything yet."""
    return f"test{next(NAMES)}"
