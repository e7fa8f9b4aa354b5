"""SOA410 to SOA414: waiting limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from one_adapter.config.model import Limit, Service
from one_adapter.dialect import Dialect
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule

#: In the order in which the gateway looks; before 0.12 the first above zero is the limit.
KINDS = ("qps", "qpm", "rpm", "concurrency", "tpm")
_EMBEDDING_TYPES = ("openai", "qianfan")


def numbers_of(limit: Limit) -> Mapping[str, float]:
    """The numbers of a limit that are above zero, by kind."""
    return {kind: getattr(limit, kind) for kind in KINDS if getattr(limit, kind) > 0}


def limits_of(context: Context) -> Iterator[tuple[Limit, Service]]:
    """Every limit of the file that counts something, with its service."""
    for service in context.gateway.services:
        own = (service.limit, service.embedding_limit, *service.model_limits.values())
        of_keys = (limit for key in service.pool for limit in (key.limit, *key.model_limits.values()))
        for limit in (*own, *of_keys):
            if numbers_of(limit):
                yield limit, service


def _one_counts(dialect: Dialect) -> bool:
    return not dialect.limits_add_up


@rule("SOA410", "limit-below-one", "warning")
def limit_below_one(context: Context) -> Iterator[Note]:
    """A limit is between 0 and 1.

    `0.5` does not mean one call in two minutes. The whole part counts, and that is 0.

    Gateway: 0.10 lets nothing through: with `qps` it refuses every call at once; with `qpm`, `rpm` and
    `concurrency` every call waits the whole timeout and then gets 429. 0.12 takes 1 in its place, but for
    `qps`, where 0.5 is one call in two seconds.

    LiteLLM: one-adapter keeps the limit as it is; LiteLLM's own rpm takes whole numbers only.
    """
    least = context.dialect.least
    for limit, _ in limits_of(context):
        numbers = numbers_of(limit)
        for kind in list(numbers)[: None if context.dialect.limits_add_up else 1]:
            value = numbers[kind]
            if value >= 1 or (least and kind == "qps"):
                continue
            rewritten = tr("Write rpm with 60 times the number.")
            yield context.note(
                context.field(limit.pointer, kind),
                tr("a {kind} below 1 counts as 1", kind=kind)
                if least
                else tr("a {kind} below 1 lets no call through", kind=kind),
                rewritten if kind == "qps" and value * 60 >= 1 else tr("Write 1 or more."),
                tr("1 or more"),
            )


@rule("SOA411", "second-limit-ignored", "warning", _one_counts)
def second_limit_ignored(context: Context) -> Iterator[Note]:
    """An object holds two limits, and only one counts.

    Gateway: 0.10 looks for `qps`, `qpm`, `rpm` and `concurrency`, in this order. The first above 0 is the
    limit, the others are not looked at. In 0.12 all of them count.

    LiteLLM: the export has the one that counts.
    """
    for limit, _ in limits_of(context):
        numbers = numbers_of(limit)
        first, *rest = numbers
        for kind in rest:
            yield context.key_note(
                context.field(limit.pointer, kind),
                tr("{kind} does not count beside {first}", kind=kind, first=first),
                tr(
                    "Of {kinds} only {first} is used; remove what is not meant.",
                    kinds=listed(tuple(numbers), "and"),
                    first=first,
                ),
            )


@rule("SOA412", "credential-limit-hidden", "warning", _one_counts)
def credential_limit_hidden(context: Context) -> Iterator[Note]:
    """A credential has a limit of its own, and the service has one too.

    Gateway: 0.10 uses the service's limit for all credentials together, and never looks at the
    credentials'. In 0.12 both count.

    LiteLLM: the export has the service's limit only.
    """
    for service in context.gateway.services:
        if not numbers_of(service.limit):
            continue
        for key in service.pool:
            if numbers_of(key.limit):
                yield context.key_note(
                    key.limit.pointer,
                    tr("this limit does not count, because the service has one"),
                    tr("Remove the service's limit to have one for each credential."),
                )


@rule("SOA413", "wait-cut-short", "info")
def wait_cut_short(context: Context) -> Iterator[Note]:
    """A limit would wait longer than the service's timeout allows.

    Both are counted from the start of the call.

    Gateway: ends the wait with 429 when the service's `timeout` (30 s by default) is over.

    LiteLLM: one-adapter keeps it so.
    """
    for service in context.gateway.services:
        for limit in (service.limit, *service.model_limits.values()):
            if numbers_of(limit) and limit.timeout > service.timeout:
                yield context.note(
                    context.field(limit.pointer, "timeout"),
                    tr(
                        "no call waits {wait} s: the service's timeout ends it after {timeout} s",
                        wait=limit.timeout,
                        timeout=service.timeout,
                    ),
                    tr(
                        'Set the service\'s "timeout" above {wait}, or this below {timeout}.',
                        wait=limit.timeout,
                        timeout=service.timeout,
                    ),
                )


@rule("SOA414", "embedding-limit-unused", "warning")
def embedding_limit_unused(context: Context) -> Iterator[Note]:
    """`embedding_limit` stands in a service that has no embeddings.

    Gateway: serves embeddings through openai and qianfan only; for other types it answers 400.

    LiteLLM: nothing is exported for it.
    """
    for service in context.gateway.services:
        limit = service.embedding_limit
        if service.type not in _EMBEDDING_TYPES and numbers_of(limit):
            yield context.key_note(
                limit.pointer,
                tr("the gateway has no embeddings for {type}, so this limits nothing", type=service.type),
                tr("Remove it."),
            )
