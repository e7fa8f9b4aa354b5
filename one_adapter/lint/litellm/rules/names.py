"""LIT306 to 311: names of groups, aliases, and what is referred to by name."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node, escape
from one_adapter.finding import Severity
from one_adapter.language import listed, tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, is_reference
from one_adapter.lint.litellm.hints import nearest
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.fallbacks import near, serves

_ALIAS = "/router_settings/model_group_alias"


def _aliases(context: Context) -> Iterator[tuple[str, str, Node]]:
    """Every alias: pointer, alias, what stands for the group."""
    node = context.find(_ALIAS)
    for member in context.members(node).values() if node else ():
        yield f"{_ALIAS}/{escape(member.key)}", member.key, member.node


def _target(node: Node) -> Node | None:
    return node.get("model") if node.kind == "object" else node


@rule("LIT306", "alias-to-nowhere", "error")
def alias_to_nowhere(context: Context) -> Iterator[Note]:
    """An alias stands for a group that is not in `model_list`.

    An alias stands for a `model_name`, not for a vendor's model and not for another alias.

    LiteLLM: starts, and answers every call of that name with an error.
    """
    for pointer, alias, node in _aliases(context):
        target = _target(node)
        if target is None or target.kind != "string" or is_reference(target):
            continue
        name = target.value
        if name in context.groups:
            continue
        if any(other == name and other != alias for _, other, _ in _aliases(context)):
            said = tr('"{name}" is an alias itself, and an alias of an alias leads nowhere', name=name)
            yield context.note(pointer, said, tr("Name the group that it stands for."))
        elif not serves(context, name):
            said = tr(
                '"{name}" is no model_name of this file: every call of {alias} fails', name=name, alias=alias
            )
            yield context.note(pointer, said, near(context, name))


@rule("LIT307", "alias-shape", "error")
def alias_shape(context: Context) -> Iterator[Note]:
    """`model_group_alias` is not a mapping of names to the name of one group.

    The value is a name, or a mapping of `model` and `hidden`, both of which it must have.

    LiteLLM: refuses to start over a list in place of the mapping, or over a missing `hidden`; an alias of a
    list of groups fails at every call.
    """
    node = context.find(_ALIAS)
    if node is not None and node.kind not in ("object", "null") and node.value:
        said = tr("{name} must be a mapping, this is {kind}", name="model_group_alias", kind=KINDS[node.kind])
        yield context.note(_ALIAS, said, tr("Write an alias, a colon and the group, a line each."))
    for pointer, _, value in _aliases(context):
        if value.kind == "object":
            for name in ("model", "hidden"):
                if value.get(name) is None:
                    said = tr("{name} is missing", name=name)
                    advice = tr("Write {text}.", text="hidden: false") if name == "hidden" else ""
                    yield context.note(pointer, said, advice)
        elif value.kind != "string":
            said = tr("an alias stands for the name of one group, this is {kind}", kind=KINDS[value.kind])
            advice = tr("To spread over several, give their deployments one model_name.")
            yield context.note(pointer, said, advice if value.kind == "array" else "")


@rule("LIT308", "alias-hides-group", "warning")
def alias_hides_group(context: Context) -> Iterator[Note]:
    """An alias has the name of a group.

    LiteLLM: the alias wins; the deployments of that group are never asked under their name.
    """
    for pointer, alias, value in _aliases(context):
        target = _target(value)
        if alias in context.groups and target is not None and target.value != alias:
            said = tr("{name} is a model_name, too, whose deployments nobody can ask for now", name=alias)
            yield context.key_note(pointer, said, tr("Give the alias another name."))


@rule("LIT309", "same-name-is-shuffled", "info")
def same_name_is_shuffled(context: Context) -> Iterator[Note]:
    """Deployments of different models share a name.

    Often meant as: the first, and if it fails, the next. That is what `order` in `litellm_params` says, or a
    fallback.

    LiteLLM: draws one of them for each call, and tries another after an error.
    """
    strategy = context.find("/router_settings/routing_strategy")
    if strategy is not None and strategy.value != "simple-shuffle":
        return
    for name, ones in context.groups.items():
        if any(one.param(key) is not None for one in ones for key in ("order", "weight", "rpm", "tpm")):
            continue
        models = {one.model.rpartition("/")[2].lower() for one in ones if one.model}
        if len(models) > 1 and "*" not in name:
            said = tr(
                "{name} is drawn at random from different models: {models}",
                name=name,
                models=listed(sorted(models)[:4], "and"),
            )
            advice = tr("For one after the other: order: 1, order: 2 in litellm_params, or fallbacks.")
            yield context.note(f"{ones[1].pointer}/model_name", said, advice)


@rule("LIT310", "odd-name", "warning")
def odd_name(context: Context) -> Iterator[Note]:
    """A `model_name` has blanks around it, or is no text.

    LiteLLM: compares names exactly. A number or an empty name refuses the start before 1.110, which makes a
    text of it: `4`, `None`, `True`.
    """
    for one in context.deployments:
        node = one.node.get("model_name")
        if node is None:
            continue
        if node.kind == "string":
            if node.value != node.value.strip() or not node.value:
                said = tr("blanks around a name are part of it") if node.value else tr("this name is empty")
                advice = tr("Remove them.") if node.value else ""
                place = f"{one.pointer}/model_name"
                lost = context.is_version(until="1.109")
                yield context.note(place, said, advice, severity=None if node.value or not lost else "error")
            continue
        said = tr("a model_name must be text, this is {kind}", kind=KINDS[node.kind])
        advice = tr("Put it in quotes.") if node.kind in ("number", "bool", "date") else ""
        refused = context.is_version(until="1.109")
        yield context.note(f"{one.pointer}/model_name", said, advice, severity="error" if refused else None)


def _defined(context: Context, section: str, key: str) -> set[str]:
    listed = context.find(f"/{section}")
    named = [item.get(key) for item in listed.items if item.kind == "object"] if listed else []
    return {one.value for one in named if one is not None and one.kind == "string"}


@rule("LIT311", "undefined-guardrail", "warning")
def undefined_guardrail(context: Context) -> Iterator[Note]:
    """A deployment asks for a guardrail that the file does not define.

    LiteLLM: passes over it; nothing is checked.
    """
    defined = _defined(context, "guardrails", "guardrail_name")
    if context.find("/general_settings/store_model_in_db") is not None:
        return
    for one in context.deployments:
        node = one.param("guardrails")
        for index, item in enumerate(node.items if node else ()):
            if item.kind == "string" and item.value not in defined and not is_reference(item):
                meant = nearest(item.value, defined)
                said = tr('no guardrail is called "{name}"', name=item.value)
                advice = (
                    tr("Did you mean {name}?", name=meant) if meant else tr("Define it under guardrails.")
                )
                yield context.note(f"{one.at('guardrails')}/{index}", said, advice)


@rule("LIT222", "unknown-credential", "error")
def unknown_credential(context: Context) -> Iterator[Note]:
    """A deployment refers to a credential that `credential_list` does not have.

    LiteLLM: calls the vendor without it, and the call fails where the deployment has no key of its own.
    """
    defined = _defined(context, "credential_list", "credential_name")
    database = context.find("/general_settings/store_model_in_db")
    if database is not None and database.value:
        return
    for one in context.deployments:
        node = one.param("litellm_credential_name")
        if (
            node is not None
            and node.kind == "string"
            and node.value not in defined
            and not is_reference(node)
        ):
            meant = nearest(node.value, defined)
            advice = (
                tr("Did you mean {name}?", name=meant) if meant else tr("Define it under credential_list.")
            )
            said = tr('credential_list has no "{name}"', name=node.value)
            severity: Severity | None = "warning" if one.param("api_key") is not None else None
            yield context.note(one.at("litellm_credential_name"), said, advice, severity=severity)


@rule("LIT221", "duplicate-id", "warning")
def duplicate_id(context: Context) -> Iterator[Note]:
    """Two deployments have the same `id` in their `model_info`.

    LiteLLM: keeps both, and tells them apart no longer: cooldowns, limits and usage of one are those of the
    other.
    """
    seen: dict[str, Node] = {}
    for one in context.deployments:
        info = one.node.get("model_info")
        node = info.get("id") if info is not None and info.kind == "object" else None
        if node is None or node.kind != "string":
            continue
        first = seen.setdefault(node.value, node)
        if first is not node:
            line = context.line(first.span)
            said = tr('the id "{id}" is taken by the deployment in line {line}', id=node.value, line=line)
            pointer = f"{one.pointer}/model_info/id"
            yield context.note(pointer, said, tr("Give each its own."), also=(first.span, tr("first here")))
