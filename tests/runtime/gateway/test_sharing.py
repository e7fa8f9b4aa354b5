from __future__ import annotations

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.gateway.settings import read_settings
from one_adapter.runtime.gateway.sharing import Sharing


def test_nothing_is_shared_where_no_redis_is_named() -> None:
    assert [read_settings(value).redis for value in (None, {}, {"redis_name": "eu"})] == [None] * 3


def test_a_redis_is_named_by_its_url_and_who_shares_by_a_name() -> None:
    own = {"redis": "rediss://:pw@cache:6380/1", "redis_name": "eu", "redis_required": True}
    assert read_settings(own).redis == Sharing("rediss://:pw@cache:6380/1", "eu", True)
    assert read_settings({"redis": "unix:///r.sock"}).redis == Sharing("unix:///r.sock")


def test_its_password_is_in_no_representation() -> None:
    assert "pw" not in repr(read_settings({"redis": "redis://:pw@cache"}))


@pytest.mark.parametrize("value", [None, "", "os.environ/ONE_ADAPTER_REDIS_URL"])
def test_a_variable_that_is_not_set_is_told_and_not_passed_over(value: object) -> None:
    with pytest.raises(OneAdapterError, match="redis names a variable that is not set"):
        read_settings({"redis": value})


@pytest.mark.parametrize("value", ["http://:pw@cache", "cache:6379", {"url": "redis://:pw@x"}, 6379])
def test_what_is_no_url_of_redis_is_refused_without_being_told(value: object) -> None:
    with pytest.raises(OneAdapterError, match="redis must be a URL that begins with redis://") as refused:
        read_settings({"redis": value})
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize(
    "rest",
    ["pw/x@cache", "pw#x@cache:1", "pw?x@cache:1", "pw[x@cache", "x@cache:99999", "x@a..b", "x@.cache"],
)
def test_a_url_of_which_no_host_and_port_can_be_read_is_refused_without_its_password(rest: str) -> None:
    with pytest.raises(OneAdapterError, match="host or port cannot be read; in a password") as refused:
        read_settings({"redis": f"redis://:{rest}"})
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize("name", ["a b", "a}b", "x" * 65])
def test_a_name_that_cannot_be_part_of_a_key_is_refused(name: str) -> None:
    with pytest.raises(OneAdapterError, match="redis_name must have letters, digits"):
        read_settings({"redis": "redis://cache", "redis_name": name})
