"""LIT216 to 223: parameters that a call fails by, or goes otherwise than they say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from one_adapter.config.node import Node, escape
from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, is_number, is_reference
from one_adapter.lint.litellm.rule import rule

_DURATION = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(ms|s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)\s*$", re.IGNORECASE
)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
#: A longer time than this was meant in milliseconds.
_LONGEST_SECONDS = 3600


def unsendable(text: str) -> bool:
    """Whether a text cannot be the value of a header.

    >>> unsendable("sk-1\\n"), unsendable(" sk-1")
    (True, False)
    """
    return not text.isascii() or any(sign < " " and sign != "\t" for sign in text)


@rule("LIT216", "key-shape", "warning")
def key_shape(context: Context) -> Iterator[Note]:
    """An `api_key` has something around it that is no part of a key.

    LiteLLM: sends it as it is, blanks and all, behind a `Bearer` of its own. A key with the end of a line in
    it, as after `|`, or with letters that are not ASCII, fits in no header: every call fails.
    """
    for one in context.deployments:
        node = one.param("api_key")
        if node is None or node.kind != "string" or is_reference(node):
            continue
        if unsendable(node.value):
            said = tr("this key has a character that no header may have: every call fails")
            advice = tr("Write os.environ/ and the name of a variable, and set that.")
            yield context.note(one.at("api_key"), said, advice, severity="error")
        elif node.value != node.value.strip():
            yield context.note(one.at("api_key"), tr("this key has blanks around it"), tr("Remove them."))
        elif node.value.lower().startswith("bearer "):
            said = tr("LiteLLM puts Bearer in front by itself")
            yield context.note(one.at("api_key"), said, tr("Write the key alone."))


def _timeouts(context: Context) -> Iterator[tuple[str, Node, bool]]:
    """Every timeout: pointer, value, whether every call reads it."""
    for one in context.deployments:
        for key in ("timeout", "stream_timeout", "request_timeout", "cooldown_time"):
            node = one.param(key)
            if node is not None:
                yield one.at(key), node, key not in ("stream_timeout", "cooldown_time")
    for section, key in (
        ("router_settings", "timeout"),
        ("router_settings", "stream_timeout"),
        ("router_settings", "request_timeout"),
        ("litellm_settings", "request_timeout"),
    ):
        node = context.find(f"/{section}/{key}")
        if node is not None and (section, key) != ("router_settings", "request_timeout"):
            yield f"/{section}/{key}", node, (section, key) == ("router_settings", "timeout")


@rule("LIT218", "milliseconds", "warning")
def milliseconds(context: Context) -> Iterator[Note]:
    """A timeout is longer than an hour.

    LiteLLM: counts seconds. `60000`, meant as milliseconds, waits for almost 17 hours; `600` is its default.
    """
    for pointer, node, _ in _timeouts(context):
        number = node.kind == "number" or (node.kind == "string" and is_number(node.value))
        if number and float(node.value) > _LONGEST_SECONDS:
            seconds = float(node.value)
            said = tr("this is {hours} hours: a timeout counts seconds", hours=f"{seconds / 3600:.1f}")
            advice = tr("Write {number}.", number=f"{seconds / 1000:g}") if seconds >= 10_000 else ""
            yield context.note(pointer, said, advice)


@rule("LIT219", "duration-text", "error")
def duration_text(context: Context) -> Iterator[Note]:
    """A timeout has a unit, or is no number at all.

    LiteLLM: takes seconds, as a number. With `60s` it starts, and every call of the deployment fails.
    """
    for pointer, node, always in _timeouts(context):
        if pointer.startswith("/litellm_s"):
            continue
        if node.kind in ("array", "object") and pointer.startswith("/model_list"):
            said = tr("a timeout is a number of seconds, this is {kind}", kind=KINDS[node.kind])
            dropped = not pointer.endswith("cooldown_time")
            yield context.note(pointer, said, severity=None if dropped else "warning")
        if node.kind == "number" and node.value < 0:
            said = tr("a timeout below nought is over before it begins")
            yield context.note(pointer, said, severity="warning")
        if node.kind != "string" or is_number(node.value) or is_reference(node):
            continue
        found = _DURATION.match(node.value)
        advice = ""
        if found:
            unit = "ms" if found[2].lower() == "ms" else found[2][0].lower()
            advice = tr("Write {number}.", number=f"{float(found[1]) * _SECONDS[unit]:g}")
        said = tr("a timeout is a number of seconds, this is a text that is none")
        yield context.note(pointer, said, advice, severity=None if always else "warning")


@rule("LIT220", "weight", "error")
def weight(context: Context) -> Iterator[Note]:
    """A `weight` is no number, or all weights of a name are nought.

    LiteLLM: fails every call of a name with such a weight; with nought everywhere it draws as if there
    were no weights. Nought for one deployment of several works: it is not drawn.
    """
    for ones in context.groups.values():
        nodes = [(one, one.param("weight")) for one in ones]
        for one, node in nodes:
            if node is not None and node.kind not in ("number", "bool", "null") and not is_reference(node):
                said = tr("a weight must be a number, this is {kind}", kind=KINDS[node.kind])
                advice = tr("Remove the quotes.") if node.kind == "string" and is_number(node.value) else ""
                yield context.note(one.at("weight"), said, advice)
        orders = [node.kind for one in ones if (node := one.param("order")) is not None]
        if "string" in orders and "number" in orders:
            one = next(
                one for one in ones if (node := one.param("order")) is not None and node.kind == "string"
            )
            said = tr("an order must be a number, where another is one")
            severity: Severity | None = None if context.is_version(until="1.108") else "warning"
            yield context.note(one.at("order"), said, severity=severity)
        elif "string" in orders:
            one = next(one for one in ones if one.param("order") is not None)
            said = tr("an order is a number: texts are compared letter by letter")
            yield context.note(one.at("order"), said, tr("Remove the quotes."), severity="warning")
        zeros = [one for one, node in nodes if node is not None and node.kind == "number" and node.value == 0]
        if len(zeros) == len(ones):
            said = tr("every weight of this name is 0, so none of them counts")
            yield context.note(zeros[0].at("weight"), said, tr("Remove it."), severity="warning")


@rule("LIT223", "no-mapping-parameter", "error")
def no_mapping_parameter(context: Context) -> Iterator[Note]:
    """Headers or an extra body are not written as a mapping of texts.

    LiteLLM: starts, and every call of the deployment fails.
    """
    for one in context.deployments:
        for key in ("extra_headers", "headers", "extra_body", "response_format"):
            node = one.param(key)
            if node is None or node.value in (None, "") or is_reference(node):
                continue
            if node.kind != "object":
                said = tr("{name} must be a mapping, this is {kind}", name=key, kind=KINDS[node.kind])
                yield context.note(one.at(key), said)
                continue
            for member in node.members if key in ("extra_headers", "headers") else ():
                if member.node.kind != "string":
                    said = tr("a header's value must be text, this is {kind}", kind=KINDS[member.node.kind])
                    yield context.note(f"{one.at(key)}/{escape(member.key)}", said, tr("Put it in quotes."))
                elif unsendable(member.node.value):
                    said = tr("this value has a character that no header may have")
                    yield context.note(f"{one.at(key)}/{escape(member.key)}", said)


@rule("LIT224", "limit-refuses-all", "error")
def limit_refuses_all(context: Context) -> Iterator[Note]:
    """A limit is below nought, or no whole number where nothing else is taken.

    LiteLLM: answers every call with 429 where `rpm` or `max_parallel_requests` is negative; of a negative
    `tpm` only the strategies that measure take notice. `max_parallel_requests` in quotes fails every call,
    and from 1.109 on the start.
    """
    for one in context.deployments:
        for key in ("rpm", "tpm"):
            node = one.param(key)
            if node is not None and node.kind == "number" and node.value < 0:
                said = tr("{name} is below nought: LiteLLM refuses every call", name=key)
                severity: Severity | None = None if key == "rpm" else "warning"
                advice = tr("Remove it where there is no limit.")
                yield context.note(one.at(key), said, advice, severity=severity)
        node = one.param("max_parallel_requests")
        if node is None or node.kind == "null" or is_reference(node):
            continue
        if node.kind == "number" and node.value < 0:
            said = tr("{name} is below nought: LiteLLM refuses every call", name="max_parallel_requests")
            yield context.note(
                one.at("max_parallel_requests"), said, tr("Remove it where there is no limit.")
            )
            continue
        whole = node.kind in ("number", "bool") and node.value == int(node.value)
        if not whole and (node.kind != "number" or context.is_version(since="1.109")):
            said = tr("max_parallel_requests must be a whole number, without quotes")
            yield context.note(one.at("max_parallel_requests"), said)
