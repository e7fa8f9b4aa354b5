"""SOA41x: waiting limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from one_adapter.config import defaults
from one_adapter.config.model import Limit, Service
from one_adapter.config.node import escape, segments
from one_adapter.config.reading import trim
from one_adapter.dialect import Dialect
from one_adapter.lint.context import Context
from one_adapter.lint.entries import is_pool, untyped_limits, usable_keys
from one_adapter.lint.finding import Note, listed
from one_adapter.lint.rule import rule

#: In the order in which the gateway looks; before 0.12 the first above zero is the limit.
KINDS = ("qps", "qpm", "rpm", "concurrency", "tpm")
_EMBEDDING_TYPES = ("openai", "qianfan")
#: Among more names than this nobody is asked "did you mean": it would take seconds.
_MOST_NAMES = 100


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


def _pools(dialect: Dialect) -> bool:
    return dialect.pools


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
            rewritten = "Write rpm with 60 times the number."
            yield context.note(
                context.field(limit.pointer, kind),
                f"a {kind} below 1 counts as 1" if least else f"a {kind} below 1 lets no call through",
                rewritten if kind == "qps" and value * 60 >= 1 else "Write 1 or more.",
                "1 or more",
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
                f"{kind} does not count beside {first}",
                f"Of {listed(tuple(numbers), 'and')} only {first} is used; remove what is not meant.",
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
        for limit in (service.limit, *service.model_limits.values()):
            if numbers_of(limit) and limit.timeout > service.timeout:
                says = f"no call waits {limit.timeout} s: the service's timeout ends it"
                yield context.note(
                    context.field(limit.pointer, "timeout"),
                    f"{says} after {service.timeout} s",
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
        if service.type not in _EMBEDDING_TYPES and numbers_of(limit):
            yield context.key_note(
                limit.pointer,
                f"the gateway has no embeddings for {service.type}, so this limits nothing",
                "Remove it.",
            )


@rule("SOA415", "full-key-holds-up", "warning", _pools)
def full_key_holds_up(context: Context) -> Iterator[Note]:
    """A key's limit waits as long as the service's timeout, so that no time is left for the next key.

    A limit waits its own `timeout`, or 120 seconds without one, and all tries of a call share the timeout of
    the service, 30 seconds by default. `qps` alone is refused at once when its turn is too far off.

    Gateway: 0.12 waits at the full key until the call's time is over; the next key then answers 500,
    `context deadline exceeded`.

    LiteLLM: one-adapter goes on to the next key without waiting where the wait would leave it no time.
    """
    for service in context.gateway.services:
        keys = usable_keys(service)
        holding = [
            limit
            for key in keys
            for limit in (key.limit, *key.model_limits.values())
            if set(numbers_of(limit)) - {"qps"}
            and (limit.timeout or defaults.LIMIT_WAIT_SECONDS) >= service.timeout
        ]
        if len(keys) > 1 and holding:
            more = f" (so at {len(holding) - 1} more)" if len(holding) > 1 else ""
            yield context.key_note(
                holding[0].pointer,
                f"a call that waits here has used up the service's {service.timeout} s, "
                f"and no other key is tried{more}",
                "Give the limit a timeout of a few seconds.",
            )


@rule("SOA416", "limits-unread", "warning", _pools)
def limits_unread(context: Context) -> Iterator[Note]:
    """Limits of a credential are passed over, because there is something in them that no limit has.

    One wrong value voids all of `model_limits` of a key, and so it is with `limit` and `model_limits` in
    `credentials`. The `limit` of a key in `credential_list` is refused instead.

    Gateway: 0.12 accepts it and has none of these limits; 0.10 knows no `model_limits`.

    LiteLLM: none of them is exported.
    """
    for refusal in untyped_limits(context):
        from one_adapter.lint.schema import explain_plainly  # only a file with such a value needs it

        said, expected, advice = explain_plainly(refusal)
        what = segments(refusal.place.pointer)
        name = "model_limits" if "model_limits" in what else "limit"
        yield context.place_note(
            refusal.place, f"{said}; all of this {name} is passed over", advice, expected
        )


@rule("SOA417", "limit-for-no-model", "warning", _pools)
def limit_for_no_model(context: Context) -> Iterator[Note]:
    """An entry of `model_limits` is for a name that no call has.

    Names are compared exactly: the client's, the one after a global redirect, the one after
    `model_redirect`, and the vendor's. There are no patterns. In a service's `model_limits` blanks around
    names are taken away, in a key's they are not.

    Gateway: 0.12 keeps the entry, but for a name of nothing but blanks in a service, and never finds it.

    LiteLLM: nothing is exported for it.
    """
    aliases = context.gateway.model_redirect
    if "all" in aliases:
        return  # any name of a client's leads here
    everywhere = {"random", *aliases, *aliases.values()}
    for service in context.gateway.services:
        named = {*service.models, *service.embedding_models}
        for renames in (service.model_redirect, service.model_map):
            named |= {*renames, *renames.values()}
        by_model = [service.model_limits, *(key.model_limits for key in service.pool)]
        for name, limit in ((name, limit) for limits in by_model for name, limit in limits.items()):
            if name not in named and name not in everywhere:
                padded = name.strip() in named
                yield context.key_note(
                    limit.pointer,
                    f'no call of this service is for "{name}", so this limits nothing',
                    "Remove the blanks around the name." if padded else _near(name, named),
                )
        yield from _nameless(context, service)


def _near(name: str, named: set[str]) -> str:
    from difflib import get_close_matches  # only for a name with a slip in it

    close = get_close_matches(name, sorted(named) if len(named) <= _MOST_NAMES else (), 1, 0.6)
    return f"Did you mean {close[0]}?" if close else "Name one of the service's models."


def _nameless(context: Context, service: Service) -> Iterator[Note]:
    pointer = context.field(service.pointer, "model_limits")
    node = context.find(pointer)
    for member in node.members if node else ():
        if not trim(member.key):
            what = "this limit is for a model without a name, and is dropped"
            yield context.key_note(f"{pointer}/{escape(member.key)}", what, "Name the model.")


@rule("SOA418", "limit-never-reached", "info", _pools)
def limit_never_reached(context: Context) -> Iterator[Note]:
    """A limit for a part of a service's calls allows as much as the limit for all of them.

    Gateway: 0.12 counts a call in all of its limits: the key's, the model's, and the service's. The
    service's is full first. In 0.10 the service's is the only one that counts.

    LiteLLM: the export has them all.
    """
    for service in context.gateway.services:
        if service.embedding_models:
            continue  # they are not counted in the service's limit
        whole = numbers_of(service.limit)
        keys = service.pool if is_pool(service) else ()
        parts = [*service.model_limits.values(), *(key.limit for key in keys)]
        for part in parts:
            for kind, number in numbers_of(part).items():
                if number >= whole.get(kind, number + 1):
                    yield context.key_note(
                        context.field(part.pointer, kind),
                        f"this is never reached: the service allows {whole[kind]:g} {kind} in all",
                        "Write less than that, or leave it out.",
                    )


@rule("SOA419", "keys-by-tokens", "info", _pools)
def keys_by_tokens(context: Context) -> Iterator[Note]:
    """The keys of a list have a `tpm`, and the tokens left of it decide which one is taken.

    Gateway: 0.12 takes the key with the most tokens left in its minute first, whatever load_balancing says;
    one without `tpm` counts as having none left, and comes last. Between equals, load_balancing decides.

    LiteLLM: one-adapter keeps this order.
    """
    for service in context.gateway.services:
        keys = usable_keys(service)
        tokens = [(key.limit.tpm, {name: one.tpm for name, one in key.model_limits.items()}) for key in keys]
        limits = [limit for key in keys for limit in (key.limit, *key.model_limits.values()) if limit.tpm > 0]
        uneven = any(one != tokens[0] for one in tokens)
        if len(keys) > 1 and limits and (uneven or context.order in ("first", "hash")):
            yield context.key_note(
                context.field(limits[0].pointer, "tpm"),
                "the key with the most tokens left is taken first, and load_balancing comes after that",
                "Leave tpm out of all keys to have load_balancing decide alone.",
            )
