"""What holds for every test: nobody outside this machine is called."""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import litellm_forks
import pytest
from hypothesis import settings

# LiteLLM fetches its price list when it is imported, unless it is told to use the one it ships with.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
# A proxy in the developer's environment must not stand between a test and loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
# Nor does its language decide what a test reads.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("ONE_ADAPTER_LANG", None)

# A busy machine makes no example wrong.
settings.register_profile("patient", deadline=None)
settings.register_profile("hurried", deadline=None, max_examples=20)

#: Where LiteLLM runs in the tests' own process.
WITH_LITELLM = ("host", "providers", "test_litellm_takes_it.py", "test_races.py", "test_spend.py")
#: Folders of tests that wait for processes, clocks and browsers.
WAITING = ("browser", "deploy", "shared", "verify", "workers")
#: Processes that run the quick tests: one more than a small machine has processors, for some tests wait.
QUICK_PROCESSES = 3
#: Fixtures that start a proxy, and those that somebody in a hurry leaves out: a browser's as well.
PROXIES = frozenset(("proxy", "proxies", "dry_run"))
SLOW = PROXIES | {"tab"}


def _has_litellm(path: Path) -> bool:
    return path.parent.name in WITH_LITELLM or path.name in WITH_LITELLM


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let those who start no proxy wait for all the rest all the same."""
    parser.addoption(
        "--slow", action="store_true", help="with -m 'not proxy': run what is marked slow as well"
    )


def _is_quick(config: pytest.Config) -> bool:
    """Whether the tests are those for somebody in a hurry: no proxy starts, and LiteLLM is not imported."""
    return bool(config.getoption("markexpr") == "not proxy")


def _is_left_out(item: pytest.Item) -> bool:
    """Whether a test waits for another time: half of a product, and what is slow for one in a hurry."""
    in_a_hurry = _is_quick(item.config) and not item.config.getoption("--slow")
    return not _is_in_half(item) or (in_a_hurry and item.get_closest_marker("slow") is not None)


class _Untraced(Loader):
    """A module's loader that has it executed unseen by what measures the coverage."""

    def __init__(self, stock: Any) -> None:
        self._stock = stock

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._stock.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            self._stock.exec_module(module)
        finally:
            sys.settrace(tracer)
            _take_up()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)


def _take_up() -> None:
    """Be called: with a call, a tracer that is set again goes on in C."""


class _LiteLLMUntraced(MetaPathFinder):
    """Finds LiteLLM, whose import takes half as long again where it is traced, and none of it is measured."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != "litellm" or sys.gettrace() is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Untraced(spec.loader)
        return spec


sys.meta_path.insert(0, _LiteLLMUntraced())


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Have the quick tests of everything run by several processes, where nobody says how many."""
    if (
        _is_quick(config)
        and config.args_source is not config.ArgsSource.ARGS
        and "PYTEST_XDIST_WORKER" not in os.environ  # it is one of them
        and config.option.numprocesses is None
        and not config.option.usepdb
    ):
        config.option.numprocesses = QUICK_PROCESSES


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples where somebody waits for them, and hand out modules in the order made here."""
    settings.load_profile("hurried" if _is_quick(config) else "patient")
    config.option.loadscopereorder = False


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave alone what would be left out anyway, for it imports LiteLLM when it is collected."""
    with_it = collection_path.name in WITH_LITELLM or _has_litellm(collection_path)
    return True if _is_quick(config) and with_it else None


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their length: packed ones may hold the hour, and all processes must agree."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) and len(val) > 32 else None


def _is_in_half(item: pytest.Item) -> bool:
    """Whether the places of a test's parameters, each in its own row, add up to an even number.

    With n rows, any n - 1 of them still meet in every way: what only shows where all of them come together is
    the one thing that the other half could find.
    """
    call = getattr(item, "callspec", None)
    return (
        call is None
        or item.get_closest_marker("half_of_product") is None
        or not sum(call.indices.values()) % 2
    )


def _longest_first(items: list[pytest.Item]) -> None:
    """Have several processes end together: first modules with proxies, then those that wait, small last."""
    tests = Counter(item.path for item in items)
    starts = {item.path for item in items if item.get_closest_marker("proxy")}

    def place(item: pytest.Item) -> tuple[bool, bool, int, Path]:
        waits = item.path.parent.name in WAITING
        return item.path not in starts, not waits, -tests[item.path], item.path

    items.sort(key=place)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What LiteLLM leaves open is no error of ours; a test with a proxy says so, for those in a hurry."""
    left_out = [item for item in items if _is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _is_left_out(item)]
    for item in items:
        if _has_litellm(item.path) or SLOW.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.proxy)
        if _has_litellm(item.path) and item.path.parent.name != "providers":
            item.add_marker(pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"))
    if "PYTEST_XDIST_WORKER" in os.environ:
        _longest_first(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the collector look at what the tests make, not each time at all that was imported for them.

    Where there will be proxies, LiteLLM is loaded for them from now on.
    """
    gc.collect()
    gc.freeze()
    if any(PROXIES.intersection(getattr(item, "fixturenames", ())) for item in session.items):
        litellm_forks.begin_loading()


@pytest.fixture(scope="module", autouse=True)
def _found_where_it_was_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have leftovers of loops and clients collected by the module that made them."""
    yield
    if _is_quick(request.config):
        assert "litellm" not in sys.modules, f"up to {request.path.name}, one imports it unmarked"
    gc.collect()
