"""Building blocks for tests: small configurations, and a Hypothesis strategy for any the gateway accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from one_adapter.config import defaults, fields
from one_adapter.config.document import Document, parse
from one_adapter.config.fields import AnyValue, ListOf, MapOf, Struct, Type
from one_adapter.config.model import Gateway
from one_adapter.config.reading import read_gateway
from one_adapter.config.store import read_source
from one_adapter.dialect import CURRENT
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan, Row, Target
from one_adapter.plan.vendors import Options

Config = dict[str, Any]
#: For properties over whole configurations, which take long to draw.
FEWER = settings(max_examples=settings().max_examples // 2)


def document(config: object) -> Document:
    """`config` as the JSON file a person would keep."""
    return parse(json.dumps(config, ensure_ascii=False, indent=2).encode(), "config.json")


def load_source(path: str) -> Document:
    """What a file, a store or standard input ("-") says, understood as every command understands it."""
    return parse(*read_source(path))


def gateway(config: object) -> Gateway:
    return read_gateway(document(config))


def plan(config: object, **options: Any) -> Plan:
    return decide(document(config), Options(**options))


def service(*models: str, **more: Any) -> Config:
    """An enabled service with these models and a key; `more` adds or replaces fields, None takes one away."""
    made: Config = {"models": list(models), "enabled": True, "credentials": {"api_key": "sk-one"}, **more}
    return {name: value for name, value in made.items() if value is not None}


def openai(*services: Config, **top: Any) -> Config:
    """A configuration with these services of type openai; each without an address gets one of its own."""
    urls = [f"https://vendor-{number}.example/v1" for number in range(1, len(services) + 1)]
    entries = [{"server_url": url, **each} for url, each in zip(urls, services, strict=True)]
    return {"services": {"openai": entries}, **top}


def only(kind: str, **more: Any) -> Config:
    """A configuration with one enabled service of a type."""
    return {"services": {kind: [{"enabled": True, **more}]}}


def target(config: object, name: str, **options: Any) -> Target:
    """The one target a name has."""
    route = plan(config, **options).route(name)
    assert route is not None, f"{name} leads nowhere"
    assert len(route.targets) == 1
    return route.targets[0]


def shares(config: object, name: str, **options: Any) -> dict[str, float]:
    """service/credential -> share of a name, spares left out."""
    route = plan(config, **options).route(name)
    assert route is not None, f"{name} leads nowhere"
    found: dict[str, float] = {}
    for each in route.targets:
        if not each.spare:
            place = f"{each.service}/{each.credential}"
            found[place] = found.get(place, 0) + float(each.share)
    return found


def rows(config: object, **options: Any) -> dict[str, Row]:
    """pointer -> row of the ledger."""
    return {row.pointer: row for row in plan(config, **options).ledger}


# Names are drawn from a few, so that they meet; one has no ASCII, one a slash, one is the word for any.
NAMES = st.sampled_from(["a", "b", "c", "vendor/a", "文心", "random", "gpt-4o", " a ", "glm-4"])
URLS = st.sampled_from(
    ["", "https://v.example/v1", "https://v.example/v1/chat/completions", "http://u:p@h.example:8/v4?t=7"]
)
SECRETS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).filter(
    lambda text: not text.strip().startswith("os.environ/")
)
CREDENTIAL_NAMES = st.sampled_from(
    [
        "api_key",
        "secret_key",
        "secret_id",
        "access_key",
        "appid",
        "api_secret",
        "domain",
        "group_id",
        "project_id",
        "location",
        "json_file",
        "whatever",
    ]
)
_WORDS: Mapping[str, SearchStrategy[str]] = {
    "load_balancing": st.sampled_from(["", *defaults.LOAD_BALANCING, " RR "]),
    "log_level": st.sampled_from(["", *defaults.LOG_LEVELS]),
    "strategy": st.sampled_from(["", *defaults.PROXY_STRATEGIES]),
    "type": st.sampled_from(["", *defaults.PROXY_TYPES]),
    "server_url": URLS,
    "server_port": st.sampled_from(["", ":8080", "127.0.0.1:9"]),
    "http_proxy": st.sampled_from(["", "http://proxy.example:3128"]),
    "https_proxy": st.sampled_from(["", "http://me:pw@proxy.example:3128"]),
    "socks5_proxy": st.sampled_from(["", "proxy.example:1080"]),
    "upstream_protocol": st.sampled_from(
        ["", " Auto ", "chat_completions", "responses", "anthropic_messages"]
    ),
}
_LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | NAMES | st.just({}) | st.just([])
#: Anything at all, for what the gateway does not look into.
ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
_SCALARS: Mapping[str, SearchStrategy[Any]] = {
    "string": NAMES | st.just(""),
    "bool": st.booleans(),
    "integer": st.integers(0, 90),
    "number": st.integers(0, 90) | st.sampled_from([0.5, 1.5, 2e3]),
}


@st.composite
def _struct(draw: DrawFn, struct: Struct, format: str) -> Config:
    made: Config = {}
    for name, kind in struct.fields.items():
        if not draw(st.booleans()):
            continue
        key = struct.written(name, format)
        if format == "json":
            key = draw(st.sampled_from([key, key, key, key.upper(), key.title()]))
        own = _WORDS.get(name) if kind == "string" else None
        made[key] = draw(st.none() | own) if own is not None else draw(_values(kind, format))
    if draw(st.booleans()):
        made[draw(st.sampled_from(["note", "$schema", "x~/y", "额外"]))] = draw(ANYTHING)
    return made


def _values(kind: Type, format: str) -> SearchStrategy[Any]:
    if isinstance(kind, str):
        return st.none() | _SCALARS[kind]
    if isinstance(kind, AnyValue):
        return SECRETS | ANYTHING
    if isinstance(kind, ListOf):
        return st.none() | st.lists(_values(kind.item, format), max_size=3)
    if isinstance(kind, MapOf):
        keys = CREDENTIAL_NAMES if isinstance(kind.value, AnyValue) else NAMES
        return st.none() | st.dictionaries(keys, _values(kind.value, format), max_size=3)
    return st.none() | _struct(kind, format)


_WHOLE, _SERVICE, _LIMIT = fields.structs_of(CURRENT)
_TOP = {name: kind for name, kind in _WHOLE.fields.items() if name != "services"}


@st.composite
def configurations(draw: DrawFn, format: str = "json") -> Config:
    """A configuration with any of the known fields, unknown ones, nulls, and empty lists and objects.

    Every value has the type the gateway of today wants, and ids are unique; that of before takes it, too.
    """
    made = draw(_struct(Struct(_TOP, _WHOLE.yaml_names), format))
    kinds = draw(st.lists(st.sampled_from(defaults.SERVICE_TYPES), max_size=4, unique=True))
    services: Config = {kind: draw(st.lists(_service(format), max_size=2)) for kind in kinds}
    number = 0
    for entries in services.values():
        for entry in entries:
            number += 1
            for key in [key for key in entry if key.lower() == "id"]:
                entry[key] = f"id-{number}" if key == "id" else None
    if services or draw(st.booleans()):
        made["services"] = services
    return made


@st.composite
def _service(draw: DrawFn, format: str) -> Config:
    made = draw(_struct(_SERVICE, format))
    for key in [key for key in made if key.lower() in ("credentials", "credential_list")]:
        if made[key]:
            made[key] = draw(_key(0, format)) if key.lower() == "credentials" else draw(_keys(format))
    if draw(st.integers(0, 3)):
        made["enabled"] = True
        made["models"] = draw(st.lists(NAMES, min_size=1, max_size=3))
    return made


@st.composite
def _keys(draw: DrawFn, format: str) -> list[Config | None]:
    number = draw(st.integers(1, 3))
    return [draw(st.none() | _key(index + 1, format)) for index in range(number)]


@st.composite
def _key(draw: DrawFn, number: int, format: str) -> Config:
    """The credentials of a service, with what the gateway of today reads beside them in some."""
    made = draw(st.dictionaries(CREDENTIAL_NAMES, SECRETS | ANYTHING, max_size=3))
    limits = st.none() | _struct(_LIMIT, format)
    beside: Mapping[str, SearchStrategy[Any]] = {
        "id": st.sampled_from([f"id-{number}", f" id-{number} ", "", 7, None]),
        "name": NAMES | st.none() | st.just(7),
        "enabled": st.booleans(),
        "limit": limits,
        "model_limits": st.dictionaries(NAMES, limits, max_size=2) | ANYTHING,
    }
    for name, values in beside.items():
        if draw(st.integers(0, 3)) == 0:
            made[name] = draw(values)
    return made


class _Plain(yaml.SafeDumper):
    """PyYAML's dumper without anchors of its own finding."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


@st.composite
def written(draw: DrawFn) -> tuple[bytes, str]:
    """A generated configuration as a file: (bytes, name), JSON or YAML, in one of several layouts."""
    kind = draw(st.sampled_from(["json", "yaml"]))
    config = draw(configurations(kind))
    if kind == "json":
        indent = draw(st.sampled_from([None, 2, "\t"]))
        text = json.dumps(config, indent=indent, ensure_ascii=draw(st.booleans()))
        text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    else:
        flow = draw(st.sampled_from([False, None, True]))
        text = yaml.dump(
            config, Dumper=_Plain, default_flow_style=flow, allow_unicode=draw(st.booleans()), sort_keys=False
        )
    return text.encode(), f"config.{kind}"
