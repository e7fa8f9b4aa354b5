"""SOA41x: waiting limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from one_adapter.config.model import Limit, Service
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note, listed
from one_adapter.lint.registry import rule

#: In the order in which the gateway looks: the first above zero is the limit.
KINDS = ("qps", "qpm", "rpm", "concurrency")
_EMBEDDING_TYPES = ("openai", "qianfan")


def _limits(context: Context) -> Iterator[tuple[str, Mapping[str, float], Service]]:
    """Every limit of the file that counts something: its pointer, its numbers above zero, its service."""
    for service in context.gateway.services:
        for limit in (service.limit, service.embedding_limit):
            numbers = {kind: getattr(limit, kind) for kind in KINDS if getattr(limit, kind) > 0}
            if numbers:
                yield limit.pointer, numbers, service
        for pointer, values in _credentials(context, service):
            numbers = {kind: values[kind] for kind in KINDS if _positive(values.get(kind))}
            if numbers:
                yield f"{pointer}/limit", numbers, service


def _credentials(context: Context, service: Service) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The limits of a service's credentials, with the credential's pointer."""
    for index, item in enumerate(service.each_credential):
        limit = item.get("limit")
        if isinstance(limit, dict):
            name = "credential_list" if service.credential_list else "credentials"
            base = context.field(service.pointer, name)
            yield f"{base}/{index}" if service.credential_list else base, limit


def _positive(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


@rule("SOA410", "limit-below-one", "warning")
def limit_below_one(context: Context) -> Iterator[Note]:
    """A limit is between 0 and 1, which lets nothing through.

    `0.5` does not mean one call in two seconds. The whole part counts, and that is 0.

    Gateway: with `qps` it refuses every call at once; with `qpm`, `rpm` and `concurrency` every call waits
    the whole timeout and then gets 429.

    LiteLLM: one-adapter keeps the limit as it is; LiteLLM's own rpm takes whole numbers only.
    """
    for pointer, numbers, _ in _limits(context):
        kind, value = next(iter(numbers.items()))
        if value < 1:
            advice = (
                "Write rpm with 60 times the number."
                if kind == "qps" and value * 60 >= 1
                else "Write 1 or more."
            )
            yield context.note(
                context.field(pointer, kind), f"a {kind} below 1 lets no call through", advice, "1 or more"
            )


@rule("SOA411", "second-limit-ignored", "warning")
def second_limit_ignored(context: Context) -> Iterator[Note]:
    """An object holds two limits, and only one counts.

    Gateway: looks for `qps`, `qpm`, `rpm` and `concurrency`, in this order. The first above 0 is the limit,
    the others are not looked at.

    LiteLLM: the export has the one that counts.
    """
    for pointer, numbers, _ in _limits(context):
        first, *rest = numbers
        for kind in rest:
            yield context.key_note(
                context.field(pointer, kind),
                f"{kind} does not count beside {first}",
                f"Of {listed(tuple(numbers), 'and')} only {first} is used; remove what is not meant.",
            )


@rule("SOA412", "credential-limit-hidden", "warning")
def credential_limit_hidden(context: Context) -> Iterator[Note]:
    """A credential has a limit of its own, and the service has one too.

    Gateway: uses the service's limit for all credentials together, and never looks at the credentials'.

    LiteLLM: the export has the service's limit only.
    """
    for service in context.gateway.services:
        if not any(getattr(service.limit, kind) > 0 for kind in KINDS):
            continue
        for pointer, values in _credentials(context, service):
            if any(_positive(values.get(kind)) for kind in KINDS):
                yield context.key_note(
                    f"{pointer}/limit",
                    "this limit does not count, because the service has one",
                    "Remove the service's limit to have one for each credential.",
                )


@rule("SOA413", "wait-cut-short", "info")
def wait_cut_short(context: Context) -> Iterator[Note]:
    """A limit would wait longer than the service's timeout allows.

    Both are counted from the start of the call.

    Gateway: ends the wait with 429 when the service's `timeout` (30 s by default) is over.

    LiteLLM: one-adapter keeps it so.
    """
    for service in context.gateway.services:
        limit: Limit = service.limit
        counts = any(getattr(limit, kind) > 0 for kind in KINDS)
        if counts and limit.timeout > service.timeout:
            yield context.note(
                context.field(limit.pointer, "timeout"),
                f"no call waits {limit.timeout} s: the service's timeout ends it after {service.timeout} s",
                f'Set the service\'s "timeout" above {limit.timeout}, or this below {service.timeout}.',
            )


@rule("SOA414", "embedding-limit-unused", "warning")
def embedding_limit_unused(context: Context) -> Iterator[Note]:
    """`embedding_limit` stands in a service that has no embeddings.

    Gateway: serves embeddings through openai and qianfan only; for other types it answers 400.

    LiteLLM: nothing is exported for it.
    """
    for service in context.gateway.services:
        limit = service.embedding_limit
        if service.type not in _EMBEDDING_TYPES and any(getattr(limit, kind) > 0 for kind in KINDS):
            yield context.key_note(
                limit.pointer,
                f"the gateway has no embeddings for {service.type}, so this limits nothing",
                "Remove it.",
            )
