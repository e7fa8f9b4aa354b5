"""SOA415 to SOA419: the limits of a service's keys and models, which gateway 0.12 brought."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config import defaults
from one_adapter.config.model import Service
from one_adapter.config.node import escape, segments
from one_adapter.config.reading import trim
from one_adapter.dialect import Dialect
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.entries import is_pool, untyped_limits, usable_keys
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule
from one_adapter.lint.rules.limits import numbers_of

#: Among more names than this nobody is asked "did you mean": it would take seconds.
_MOST_NAMES = 100


def _pools(dialect: Dialect) -> bool:
    return dialect.pools


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
            yield context.key_note(
                holding[0].pointer,
                _used_up(service, len(holding) - 1),
                tr("Give the limit a timeout of a few seconds."),
            )


def _used_up(service: Service, more: int) -> str:
    if not more:
        return tr(
            "a call that waits here has used up the service's {timeout} s, and no other key is tried",
            timeout=service.timeout,
        )
    return tr(
        "a call that waits here has used up the service's {timeout} s, and no other key is tried "
        "(so at {more} more)",
        timeout=service.timeout,
        more=more,
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
            refusal.place,
            tr("{said}; all of this {name} is passed over", said=said, name=name),
            advice,
            expected,
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
                    tr('no call of this service is for "{name}", so this limits nothing', name=name),
                    tr("Remove the blanks around the name.") if padded else _near(name, named),
                )
        yield from _nameless(context, service)


def _near(name: str, named: set[str]) -> str:
    from difflib import get_close_matches  # only for a name with a slip in it

    close = get_close_matches(name, sorted(named) if len(named) <= _MOST_NAMES else (), 1, 0.6)
    return tr("Did you mean {name}?", name=close[0]) if close else tr("Name one of the service's models.")


def _nameless(context: Context, service: Service) -> Iterator[Note]:
    pointer = context.field(service.pointer, "model_limits")
    node = context.find(pointer)
    for member in node.members if node else ():
        if not trim(member.key):
            what = tr("this limit is for a model without a name, and is dropped")
            yield context.key_note(f"{pointer}/{escape(member.key)}", what, tr("Name the model."))


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
                if kind in whole and number >= whole[kind]:
                    yield context.key_note(
                        context.field(part.pointer, kind),
                        tr(
                            "this is never reached: the service allows {most:g} {kind} in all",
                            most=whole[kind],
                            kind=kind,
                        ),
                        tr("Write less than that, or leave it out."),
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
                tr("the key with the most tokens left is taken first, and load_balancing comes after that"),
                tr("Leave tpm out of all keys to have load_balancing decide alone."),
            )
