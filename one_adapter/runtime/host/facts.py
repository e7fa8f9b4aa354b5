"""What is known of each LiteLLM: a row for a minor version that the tests ran on, and the names it needs.

Relayed requests need none of it. What goes LiteLLM's own way needs nothing of a version either, only goes
slower: each shortcut and each guard stands in where the row has it and its names are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from importlib import import_module

from one_adapter.language import joined, tr

_LOGGING = "litellm.litellm_core_utils.litellm_logging:Logging."
_TOOLS = "litellm.responses.mcp.litellm_proxy_mcp_handler:LiteLLM_Proxy_MCP_Handler."
_PATTERNS = "litellm.litellm_core_utils.secret_redaction:"

#: Choices of the launch profile that put something in LiteLLM's place -> the names of LiteLLM's they need.
SHORTCUTS = {
    "describe": (
        "litellm.utils:_client_async_logging_helper",
        f"{_LOGGING}_async_success_handler_body",
        f"{_LOGGING}_restore_correlation_context",
    ),
    "prices": (f"{_LOGGING}response_cost_calculator", f"{_LOGGING}set_cost_breakdown"),
    "routes": ("litellm.proxy.auth.route_checks:RouteChecks._route_matches_pattern",),
    "usage": ("litellm.router:Router._increment_deployment_usage",),
}
#: What is kept from LiteLLM or repaired in every version -> the same.
GUARDS = {
    tr("a look at what the configuration holds"): (
        "litellm.proxy.proxy_server:proxy_config.get_config_state",
    ),
    tr("an end to its own calls for a client's tools"): (
        f"{_TOOLS}_should_use_litellm_mcp_gateway",
        "litellm.responses.main:_has_file_search_tool",
    ),
    tr("an end to its questions to Ollama"): (
        "litellm.llms.ollama.common_utils:OllamaModelInfo.get_runtime_model_info",
    ),
    tr("a search for secrets at bounded cost"): (f"{_PATTERNS}_SECRET_RE", f"{_PATTERNS}_INTERNAL_DETAIL_RE"),
    tr("copies of what it knows of a call"): (
        "litellm.litellm_core_utils.core_helpers:add_missing_spend_metadata_to_litellm_metadata",
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One minor version.

    `tried` is the newest of it that the tests ran on, `shortcuts` are those that stand in.
    """

    minor: str
    tried: str
    shortcuts: frozenset[str]


_ALL = frozenset(SHORTCUTS)
#: From 1.109 on the router is a front, and what is put in its place does not reach the core that counts.
_COUNTED = _ALL - {"usage"}
ROWS = (
    Row("1.105", "1.105.7", frozenset()),
    Row("1.106", "1.106.12", _ALL),
    Row("1.108", "1.108.7", _ALL),
    Row("1.109", "1.109.3", _COUNTED),
    Row("1.110", "1.110.2", _COUNTED),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What holds in this process: the shortcuts that may stand in, and what has to be said, "" nothing."""

    shortcuts: frozenset[str]
    said: str = ""


def row_of(version: str) -> Row | None:
    """The row of a version.

    >>> row_of("1.106.12").tried, row_of("1.1.0")
    ('1.106.12', None)
    """
    minor = ".".join(version.split(".")[:2])
    return next((row for row in ROWS if row.minor == minor), None)


def check(chosen: Set[str]) -> Checked:
    """Look at the loaded LiteLLM before its ways are changed; `chosen` are choices of the profile."""
    version = installed()
    row = row_of(version)
    wanted = chosen & SHORTCUTS.keys()
    able = wanted & row.shortcuts if row is not None else frozenset()
    here = frozenset(one for one in able if not missing(SHORTCUTS[one]))
    without = sorted((wanted if row is None else able) - here)
    lost = [what for what, names in GUARDS.items() if missing(names)]
    if row is None:
        told = tr(
            "LiteLLM {version} was not tried with this one-adapter, {first} to {last} were",
            version=version,
            first=ROWS[0].minor,
            last=ROWS[-1].minor,
        )
    elif without or lost:
        told = tr("LiteLLM {version} lacks names that {tried} has", version=version, tried=row.tried)
    else:
        return Checked(here)
    parts: list[str] = [tr("the shortcuts {names}", names=", ".join(without))] if without else []
    if not parts and not lost:
        return Checked(here, tr("{what}: it goes its own way", what=told))
    lacks = joined([*parts, *lost], "; ", "；")
    return Checked(here, tr("{what}: it goes its own way, without {parts}", what=told, parts=lacks))


def installed() -> str:
    """The version of the LiteLLM that is loaded."""
    from litellm._version import version

    return str(version)


def missing(names: Iterable[str]) -> list[str]:
    """Those of LiteLLM's names, `module:attribute.attribute`, that are not there.

    >>> missing(["os:path.join", "os:path.no_such", "no_such_module:x"])
    ['os:path.no_such', 'no_such_module:x']
    """
    return [name for name in names if not _is_there(name)]


def _is_there(name: str) -> bool:
    module, _, way = name.partition(":")
    try:
        found: object = import_module(module)
        for part in way.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return True
