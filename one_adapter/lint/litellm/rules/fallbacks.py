"""LIT301 to 305: fallbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from one_adapter.config.node import Node, escape
from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, is_reference
from one_adapter.lint.litellm.hints import nearest
from one_adapter.lint.litellm.rule import rule

KEYS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
SECTIONS = ("router_settings", "litellm_settings")
#: These shapes are looked at when the proxy starts; the others when a call falls back.
_CHECKED = ("fallbacks", "content_policy_fallbacks")


class Fallback(NamedTuple):
    """One group with those it falls back to: where it stands, and the targets as written."""

    list_pointer: str
    pointer: str
    group: str
    value: Node


def names(context: Context) -> frozenset[str]:
    """Every name that clients may ask for: groups and aliases."""
    alias = context.find("/router_settings/model_group_alias")
    return frozenset([*context.groups, *(member.key for member in (alias.members if alias else ()))])


def serves(context: Context, name: str) -> bool:
    """Whether the file has deployments for a name, or nobody can tell."""
    known = context.once(names)
    if name in known or not known or any("*" in one and fnmatchcase(name, one) for one in known):
        return True
    # A database may hold more, and patterns of whole providers stand for more than the file says.
    return _in_database(context)


def _in_database(context: Context) -> bool:
    node = context.find("/general_settings/store_model_in_db")
    return node is not None and bool(node.value)


def _lists(context: Context) -> Iterator[tuple[str, Node]]:
    for section in SECTIONS:
        for key in KEYS:
            node = context.find(f"/{section}/{key}")
            if node is not None and node.kind != "null":
                yield f"/{section}/{key}", node


def fallbacks(context: Context) -> tuple[Fallback, ...]:
    """Every fallback that is written as LiteLLM reads it, or nearly so."""
    found = []
    for pointer, node in _lists(context):
        for index, item in enumerate(node.items):
            for member in item.members:
                place = f"{pointer}/{index}/{escape(member.key)}"
                found.append(Fallback(pointer, place, member.key, member.node))
    return tuple(found)


def targets(one: Fallback) -> Iterator[tuple[str, Node, str]]:
    """The names a group falls back to: pointer, node, name."""
    for index, item in enumerate(one.value.items):
        if item.kind == "string":
            yield f"{one.pointer}/{index}", item, item.value
        elif item.kind == "object" and (model := item.get("model")) is not None and model.kind == "string":
            yield f"{one.pointer}/{index}/model", model, model.value


def near(context: Context, name: str) -> str:
    """What to do about a name that there is no group of."""
    meant = nearest(name, context.once(names))
    return tr("Did you mean {name}?", name=meant) if meant else tr("Add it to model_list, or name another.")


@rule("LIT301", "fallback-to-nowhere", "warning")
def fallback_to_nowhere(context: Context) -> Iterator[Note]:
    """A fallback names a group that is not in `model_list`.

    LiteLLM: notices nothing until the fallback is needed. Then there is none, and the client gets the error.
    """
    for one in context.once(fallbacks):
        for pointer, node, name in targets(one):
            if not serves(context, name) and not is_reference(node):
                said = tr(
                    '"{name}" is no model_name of this file: there is nothing to fall back to', name=name
                )
                yield context.note(pointer, said, near(context, name))
    for section in SECTIONS:
        listed = context.find(f"/{section}/default_fallbacks")
        for index, item in enumerate(listed.items if listed else ()):
            if item.kind == "string" and not serves(context, item.value):
                said = tr(
                    '"{name}" is no model_name of this file: there is nothing to fall back to',
                    name=item.value,
                )
                yield context.note(f"/{section}/default_fallbacks/{index}", said, near(context, item.value))


@rule("LIT302", "fallback-from-nowhere", "warning")
def fallback_from_nowhere(context: Context) -> Iterator[Note]:
    """The group that is to fall back is not in `model_list`.

    LiteLLM: notices nothing. The group that was meant has no fallback.
    """
    for one in context.once(fallbacks):
        if one.group != "*" and not serves(context, one.group):
            said = tr(
                '"{name}" is no model_name of this file, so this fallback is for nobody', name=one.group
            )
            yield context.key_note(one.pointer, said, near(context, one.group))


@rule("LIT303", "fallback-loop", "warning")
def fallback_loop(context: Context) -> Iterator[Note]:
    """Groups fall back to one another, or one to itself.

    LiteLLM: goes round until its limit of fallbacks is reached, asking vendors that have failed already, and
    then answers with the error.
    """
    by_list: dict[str, dict[str, list[str]]] = {}
    for one in context.once(fallbacks):
        led = by_list.setdefault(one.list_pointer, {})
        led.setdefault(one.group, []).extend(name for _, _, name in targets(one))
    for one in context.once(fallbacks):
        for pointer, _, name in targets(one):
            if name == one.group:
                said = tr("{name} falls back to itself", name=name)
                yield context.note(pointer, said, tr("Name another group, or remove it."))
            elif _leads(by_list[one.list_pointer], name, one.group):
                said = tr(
                    "{name} falls back to {group} in its turn: nothing is left to try",
                    name=name,
                    group=one.group,
                )
                yield context.note(pointer, said, severity="info")


def _leads(led: Mapping[str, list[str]], start: str, end: str) -> bool:
    """Whether following the fallbacks from one group comes to another."""
    seen, rest = {start}, [start]
    while rest:
        for name in led.get(rest.pop(), ()):
            if name == end:
                return True
            if name not in seen:
                seen.add(name)
                rest.append(name)
    return False


@rule("LIT304", "fallbacks-shape", "error")
def fallbacks_shape(context: Context) -> Iterator[Note]:
    """Fallbacks are not written as a list of mappings with one key each.

    It is `fallbacks: [{first: [second, third]}, {other: [second]}]`: an item a group, its value a list.

    LiteLLM: refuses to start over an item with two keys or none. A mapping in place of the list, or a name in
    place of a list of names, is refused by some versions and passed over by others: 1.110 starts with a
    mapping, and nothing ever falls back.
    """
    for pointer, node in _lists(context):
        checked = pointer.rpartition("/")[2] in _CHECKED
        if node.kind != "array":
            if node.value:
                yield from _no_list(context, pointer, node, checked)
            continue
        for index, item in enumerate(node.items):
            yield from _item(context, f"{pointer}/{index}", item, checked)
    for section in SECTIONS:
        yield from _default(context, f"/{section}/default_fallbacks")
    for one in context.deployments:
        own = one.param("fallbacks")
        if own is not None and own.kind == "string":
            said = tr("fallbacks must be a list of mappings, this is {kind}", kind=KINDS[own.kind])
            severity: Severity | None = None if context.is_version(since="1.109") else "warning"
            yield context.note(one.at("fallbacks"), said, severity=severity)


def _no_list(context: Context, pointer: str, node: Node, checked: bool) -> Iterator[Note]:
    advice = (
        tr("Begin each group with a dash, and put its fallbacks in a list.") if node.kind == "object" else ""
    )
    refused = checked and _is_strict(context, pointer)
    said = tr("fallbacks must be a list of mappings, this is {kind}", kind=KINDS[node.kind])
    yield context.note(pointer, said, advice, severity=None if refused else "warning")


def _is_strict(context: Context, pointer: str) -> bool:
    """Whether a mapping in place of the list refuses the start; from 1.109 on only under litellm_settings."""
    return pointer.startswith("/litellm_settings") or context.is_version(until="1.108")


def _item(context: Context, pointer: str, item: Node, checked: bool) -> Iterator[Note]:
    if item.kind != "object":
        said = tr(
            "an item of fallbacks must be a mapping of one group, this is {kind}", kind=KINDS[item.kind]
        )
        yield context.note(pointer, said, severity=None if checked else "warning")
        return
    if len(context.members(item)) != 1:
        said = tr(
            "an item of fallbacks has exactly one group, this has {count}", count=len(context.members(item))
        )
        advice = tr("Begin each group with a dash of its own.")
        yield context.note(pointer, said, advice, severity=None if checked else "warning")
    for member in item.members:
        if member.node.kind != "array":
            said = tr("the fallbacks of {name} must be a list, even for one", name=member.key)
            single = tr("Write [{name}].", name=member.node.value) if member.node.kind == "string" else ""
            refused = checked and context.is_version(since="1.108")
            place = f"{pointer}/{escape(member.key)}"
            yield context.note(place, said, single, severity=None if refused else "warning")


def _default(context: Context, pointer: str) -> Iterator[Note]:
    node = context.find(pointer)
    if node is None or node.kind in ("array", "null"):
        return
    advice = tr("Write [{name}].", name=node.value) if node.kind == "string" else ""
    said = tr("default_fallbacks must be a list of names, this is {kind}", kind=KINDS[node.kind])
    refused = node.kind == "string" and context.is_version(since="1.108")
    yield context.note(pointer, said, advice, severity=None if refused else "warning")


@rule("LIT305", "fallbacks-twice", "warning")
def fallbacks_twice(context: Context) -> Iterator[Note]:
    """The same kind of fallbacks stands under `router_settings` and under `litellm_settings`.

    LiteLLM: takes those of `router_settings`; the others have no effect.
    """
    for key in (*KEYS, "default_fallbacks"):
        first = context.find(f"/router_settings/{key}")
        again = context.find(f"/litellm_settings/{key}")
        if first is not None and again is not None and first.value and again.value:
            said = tr("{key} stands under router_settings, too, and that counts", key=key)
            yield context.key_note(f"/litellm_settings/{key}", said, tr("Put both together there."))
