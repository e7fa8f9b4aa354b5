"""`verify CONFIG --exported FILE`: the plan against a file exported from it, and perhaps edited since.

Nothing is started and nothing called. A deployment is found again by its service and credential; of what a
person changed, added or took away, both values are told, but for secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from one_adapter.config.document import LARGEST_FILE_BYTES
from one_adapter.contract import SECTION
from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import tr
from one_adapter.plan.types import Plan
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.result import Check, Verification
from one_adapter.verify.values import Values

#: What a file may say of prices, and the number of a deployment: none of it moves a request.
NO_MATTER = ("id", "base_model")
PRICES = "_cost_per_"
#: A deployment's fields by the words for them; all others go by their own names.
WORDS = {
    "model": tr("upstream model"),
    "api_base": tr("address"),
    "api_key": tr("key"),
    "key": tr("the key's id"),
}
#: Sections that hold settings, with what one-adapter writes there.
SECTIONS = ("litellm_settings", "router_settings", "general_settings")
ALIASES = "model_group_alias"
#: Settings of one-adapter itself: an export writes them where it is told to, the old file has none of them.
WATCH, COUNTED = "watch", "counted"
OWN_SETTINGS = (WATCH, "redis", "redis_name", "redis_required", "access_log", "metrics", "metrics_port")

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sides:
    """The file as the plan has it, and as it is."""

    plan: Entry
    file: Entry
    values: Values


def verify_exported(
    name: str, plan: Plan, secrets: Secrets, path: str, wanted: VerifyOptions
) -> Verification:
    """Compare the plan of the configuration called `name` with the file at `path`.

    Raises `OneAdapterError` (exit code 2) where that cannot be read, or is no configuration of LiteLLM.
    """
    file = _load(_read(path), path)
    is_pure = SECTION not in _section(file, "general_settings")
    ours = _section(_section(file, "general_settings"), SECTION)
    watch = (WATCH in ours) if {WATCH, COUNTED} & ours.keys() else None
    written = _load(proxy_config(plan, secrets, is_pure, watch=watch), name)
    sides = Sides(written, file, Values(secrets.values))
    checks = tuple(chain(_models(sides, wanted), _access(sides), _settings(sides)))
    pure = tr("the file says nothing to one-adapter: compared with a pure export")
    return Verification(tr("the plan of {name}", name=name), path, checks, (pure,) if is_pure else ())


def _read(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = reason_of(problem) if isinstance(problem, OSError) else tr("no such file")
        raise OneAdapterError(tr("{path}: {reason}", path=path, reason=reason)) from None
    if len(raw) > LARGEST_FILE_BYTES:
        raise OneAdapterError(tr("{path}: it is larger than 64 MiB, that is no configuration", path=path))
    return raw.decode("utf-8", "replace")


def _load(text: str, path: str) -> Entry:
    import yaml

    try:
        found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        raise OneAdapterError(tr("{place}: is no YAML", place=where)) from None
    if not isinstance(found, Mapping) or not isinstance(found.get("model_list"), list):
        told = tr("{path}: is no configuration of LiteLLM: it has no model_list", path=path)
        raise OneAdapterError(told)
    return found


def _section(file: Entry, name: str) -> Entry:
    found = file.get(name)
    return found if isinstance(found, Mapping) else {}


def _groups(file: Entry) -> dict[str, dict[object, Entry]]:
    """Name -> what tells a deployment from the others of it -> the deployment."""
    groups: dict[str, dict[object, Entry]] = {}
    for entry in file["model_list"]:
        if not isinstance(entry, Mapping):
            continue
        group = groups.setdefault(str(entry.get("model_name")), {})
        ours = _section(_section(entry, "model_info"), SECTION)
        parameters = _section(entry, "litellm_params")
        identity: tuple[object, ...] = (ours.get("service"), ours.get("credential"), ours.get("chat", True))
        if "service" not in ours:
            identity = (str(parameters.get("api_base")), str(parameters.get("model")))
        if "service" in ours and identity in group:  # `random` has several models of a service
            identity = (*identity, str(parameters.get("model")))
        while identity in group:
            identity = (*identity, len(group))
        group[identity] = entry
    return groups


def _models(sides: Sides, wanted: VerifyOptions) -> Iterator[Check]:
    planned, there = _groups(sides.plan), _groups(sides.file)
    aliases = _section(_section(sides.file, "router_settings"), ALIASES)
    for name in dict.fromkeys((*planned, *there, *map(str, aliases))):
        if not wanted.wants(name):
            continue
        if name not in there and name not in aliases:
            yield Check("name", name, "different", tr("the name was removed"), "name", True, False)
        elif name not in planned:
            yield Check("name", name, "different", tr("the name was added"), "name", False, True)
        else:
            found = tuple(_group(name, planned[name], there.get(name, {}), sides.values))
            yield from found or (Check("deployments", name, "same"),)


def _group(
    name: str, planned: Mapping[object, Entry], there: Mapping[object, Entry], values: Values
) -> Iterator[Check]:
    for identity in dict.fromkeys((*planned, *there)):
        if identity not in there:
            yield _moved(name, planned[identity], values, True)
        elif identity not in planned:
            yield _moved(name, there[identity], values, False)
        else:
            yield from _deployment(name, planned[identity], there[identity], values)
    shares = _shares(planned), _shares(there)
    for identity in planned:
        old, new = (each.get(identity) for each in shares)
        if identity in there and old != new:
            said = tr(
                "the share of {upstream} was changed from {old:.0%} to {new:.0%}",
                upstream=_label(planned[identity]),
                old=old,
                new=new,
            )
            yield Check("deployments", name, "different", said, "share", old, new)


def _moved(name: str, entry: Entry, values: Values, is_removed: bool) -> Check:
    address = values.shown("api_base", _section(entry, "litellm_params").get("api_base"))
    said = tr("the upstream {address} of {service} was added", address=address, service=_label(entry))
    if is_removed:
        said = tr("the upstream {address} of {service} was removed", address=address, service=_label(entry))
    sides = (address, None) if is_removed else (None, address)
    return Check("deployments", name, "different", said, "upstream", *sides)


def _label(entry: Entry) -> str:
    ours = _section(_section(entry, "model_info"), SECTION)
    credential = ours.get("credential")
    place = f" {ours['key']}" if "key" in ours else ""
    if not place and isinstance(credential, int) and credential > 0:
        place = f" #{credential + 1}"
    return f"{ours['service']}{place}" if "service" in ours else tr("no service{place}", place=place)


def _leaves(fields: Entry) -> dict[str, Any]:
    """Fields whose values are mappings as several, each by its way from the first.

    >>> _leaves({"limits": {"service": {"qpm": 3}}, "order": "rr", "query": {}})
    {'limits.service.qpm': 3, 'order': 'rr', 'query': {}}
    """
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping) and value:
            found |= {f"{name}.{inner}": each for inner, each in _leaves(value).items()}
        else:
            found[str(name)] = value
    return found


def _deployment(name: str, planned: Entry, there: Entry, values: Values) -> Iterator[Check]:
    for section in ("litellm_params", "model_info"):
        old, new = (_without(_section(entry, section), "weight") for entry in (planned, there))
        if section == "model_info":
            old, new = (_without({**each, **_section(each, SECTION)}, SECTION) for each in (old, new))
        old, new = _leaves(old), _leaves(new)
        for field in dict.fromkeys((*old, *new)):
            if field in NO_MATTER or PRICES in field or field.endswith("_token_cost"):
                continue
            if not values.alike(old.get(field), new.get(field)):
                yield _changed("deployments", name, field, old, new, values)


def _without(fields: Entry, *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _changed(probe: str, name: str, field: str, old: Entry, new: Entry, values: Values) -> Check:
    word = WORDS.get(field, field.removeprefix(f"{SECTION}."))
    top = field.removeprefix(f"{SECTION}.").partition(".")[0]
    was, now = (values.shown(top, each.get(field)) for each in (old, new))
    if field not in old:
        said = tr("{field} was added: {new}", field=word, new=_said(now))
    elif field not in new:
        said = tr("{field} was removed: {old}", field=word, old=_said(was))
    else:
        said = tr("{field} was changed from {old} to {new}", field=word, old=_said(was), new=_said(now))
    return Check(probe, name, "different", said, word, was, now)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shares(group: Mapping[object, Entry]) -> dict[object, float]:
    """The part of a group that each of its deployments has; the same for all without any weight."""
    given = {key: _section(entry, "litellm_params").get("weight") for key, entry in group.items()}
    numbers = {key: float(each) if isinstance(each, (int, float)) else 0.0 for key, each in given.items()}
    total = sum(numbers.values())
    if not total:
        return dict.fromkeys(group, round(1 / len(group), 6))
    return {key: round(each / total, 6) for key, each in numbers.items()}


def _access(sides: Sides) -> Iterator[Check]:
    """Who may ask, client by client."""
    old, new = (
        _section(_section(_section(file, "general_settings"), SECTION), "access")
        for file in (sides.plan, sides.file)
    )
    found = []
    if bool(old.get("open")) != bool(new.get("open")):
        found.append(_changed("access", "", "open", old, new, sides.values))
    keys = [{str(_env(key)): key for key in _list(side.get("keys"))} for side in (old, new)]
    for name in dict.fromkeys((*keys[0], *keys[1])):
        was, now = (sorted(map(str, _list(_models_of(side.get(name))))) for side in keys)
        if (name in keys[0]) != (name in keys[1]):
            said = tr("the key {name} was removed", name=name)
            if name in keys[1]:
                said = tr("the key {name} was added", name=name)
            found.append(Check("access", "", "different", said, "client key", was, now))
        elif was != now:
            said = tr("the names that {name} opens were changed", name=name)
            found.append(Check("access", "", "different", said, "client key", was, now))
    yield from found or [Check("access", "", "same")]


def _env(key: Any) -> Any:
    return key.get("env") if isinstance(key, Mapping) else key


def _models_of(key: Any) -> Any:
    return key.get("models") if isinstance(key, Mapping) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _settings(sides: Sides) -> Iterator[Check]:
    """What one-adapter writes beside the models; what is LiteLLM's own is told, and not counted."""
    found = []
    for section in SECTIONS:
        old, new = (_section(file, section) for file in (sides.plan, sides.file))
        if section == "general_settings":
            ours = (_without(_section(each, SECTION), "access") for each in (old, new))
            old, new = ({**each, SECTION: own} for each, own in zip((old, new), ours, strict=True))
        old, new = _leaves(_without(old, ALIASES)), _leaves(_without(new, ALIASES))
        for field in dict.fromkeys((*old, *new)):
            place = f"{section}.{field}"
            if field.removeprefix(f"{SECTION}.").partition(".")[0] in OWN_SETTINGS and field in new:
                said = tr(
                    "{field} is a setting of one-adapter's own, which the old file cannot say", field=place
                )
                found.append(Check("settings", "", "not compared", said, field))
                continue
            if sides.values.alike(old.get(field), new.get(field)):
                continue
            if field in old or field.startswith(f"{SECTION}."):
                found.append(_changed("settings", "", field, old, new, sides.values))
            else:
                said = tr("{field} was added; it is LiteLLM's own", field=place)
                found.append(Check("settings", "", "not compared", said, field))
    yield from found or [Check("settings", "", "same")]
