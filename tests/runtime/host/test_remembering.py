from __future__ import annotations

import sys

import pytest
from doorway import loaded_of

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.gateway.limits import Limits
from one_adapter.runtime.host.remembering import memory_of
from one_adapter.runtime.redaction import known
from one_adapter.runtime.shared.limits import SharedLimits

URL = "redis://:a%20long-password@cache:6379"


def test_without_a_redis_this_process_remembers_by_itself() -> None:
    memory = memory_of(loaded_of().config)
    assert isinstance(memory.limits, Limits)
    assert memory.turns is None
    memory.start()


def test_with_a_redis_it_shares_and_its_password_is_known_as_a_secret() -> None:
    memory = memory_of(loaded_of(redis=URL).config)
    assert isinstance(memory.limits, SharedLimits)
    assert known.clean(f"{URL} and a long-password") == "redis://:***@cache:6379 and ***"


def test_those_with_the_same_services_share_where_no_name_is_told() -> None:
    def key(**own: object) -> str:
        limits = memory_of(loaded_of(redis=URL, **own).config).limits
        assert isinstance(limits, SharedLimits)
        return limits._membership.key

    assert key() == key() != key(redis_name="other") == "{oa:other}"


def test_a_client_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.startswith(("redis", "one_adapter.runtime.shared"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis.asyncio.connection", None)
    with pytest.raises(OneAdapterError, match=r"pip install 'one-adapter\[proxy\]'"):
        memory_of(loaded_of(redis=URL).config)
