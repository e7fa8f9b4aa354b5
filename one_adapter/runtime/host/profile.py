"""The launch profile: the same LiteLLM, answering faster.

A profile is a set of choices, each with a row in docs/performance.md. It is written as words with
commas between: `fast` is all of them and what `run` takes by itself, `stock` is none, `log` adds
one and `-log` takes it away. The stock `litellm` command, which never heard of a profile, gets
those that are safe in every version; ONE_ADAPTER_PROFILE in its environment asks for more or less.
"""

from __future__ import annotations

import gc
import os
from collections.abc import MutableMapping, Set
from typing import Any

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.announcing import announce

VARIABLE = "ONE_ADAPTER_PROFILE"
#: What an exported file brings along by itself.
EXPORTED = frozenset(("collector", "preload"))
#: Every choice there is.
CHOICES = EXPORTED | {"describe", "log", "prices", "routes", "usage", "yaml"}
#: Collections of the youngest generation per so many allocations, of the older per so many of those.
THRESHOLDS = (5_000, 10, 10)


def choices(profile: str | None) -> frozenset[str]:
    """What a profile chooses; raises `OneAdapterError` for a word that is none of the choices.

    >>> sorted(choices("log,collector")), sorted(choices("fast,-log") ^ CHOICES)
    (['collector', 'log'], ['log'])
    >>> choices("stock"), choices(None) == EXPORTED
    (frozenset(), True)
    """
    if profile is None:
        return EXPORTED
    found: frozenset[str] = frozenset()
    for word in profile.split(","):
        name = word.strip().removeprefix("-")
        if name in ("fast", "stock"):
            found = CHOICES if name == "fast" else frozenset()
        elif name not in CHOICES:
            known = ", ".join(sorted(CHOICES))
            told = tr(
                "A profile is fast, stock or some of {known}, not {word!r}.", known=known, word=word.strip()
            )
            raise OneAdapterError(told)
        else:
            found = found - {name} if word.strip().startswith("-") else found | {name}
    return found


def chosen() -> frozenset[str]:
    """The choices of this process."""
    return choices(os.environ.get(VARIABLE) or None)


def before_import(environment: MutableMapping[str, str], choices: Set[str]) -> None:
    """Set what LiteLLM reads while it is imported; values already set are left alone."""
    if "log" in choices:
        environment.setdefault("LITELLM_LOG", "ERROR")
    if "collector" in choices:
        gc.disable()


def read_in_c(path: str) -> None:
    """Have `yaml.safe_load` read the open file at `path` by libyaml, where that is; all else as ever."""
    import yaml

    stock, loader = yaml.safe_load, getattr(yaml, "CSafeLoader", None)
    if loader is None:
        return

    def safe_load(stream: Any) -> Any:
        if getattr(stream, "name", None) == path:
            return yaml.load(stream, loader)  # noqa: S506 - it makes nothing but plain values
        return stock(stream)

    yaml.safe_load = safe_load


def after_import(choices: Set[str]) -> None:
    """Change the loaded LiteLLM where only that helps, and do what its first requests would wait for.

    Says on standard error what a version that was not tried, or lacks a name, goes without.
    """
    from one_adapter.runtime.host import facts, shortcuts

    checked = facts.check(choices)
    if checked.said:
        announce(checked.said)
    shortcuts.install(checked.shortcuts)
    if "preload" in choices:
        from litellm.proxy import proxy_server

        from one_adapter.runtime.host.preload import preload

        preload(proxy_server.app)


def settle() -> None:
    """Take everything alive out of the garbage collector's sight and let it work again.

    What is left for it to look through is what requests leave behind, so it is quick.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
