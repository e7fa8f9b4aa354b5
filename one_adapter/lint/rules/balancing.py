"""SOA40x: load balancing and the proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from one_adapter.config import defaults
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.entries import offers, usable_keys
from one_adapter.lint.finding import Note
from one_adapter.lint.go.values import Table
from one_adapter.lint.rule import When, rule

_SOCKS = re.compile(r"(?:socks5h?://)?(?:[^@/\s]+@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):[0-9]{1,5}")


def draws_at_random(word: str) -> When:
    """Of a rule about a word of load_balancing that draws at random and does not look like it."""
    return lambda dialect: dialect.balancing[word] == "random"


@rule("SOA401", "round-robin-is-random", "warning", draws_at_random("round_robin"))
def round_robin_is_random(context: Context) -> Iterator[Note]:
    """`round_robin` does not rotate.

    The word that rotates is `rr`.

    Gateway: 0.10 accepts `round_robin` and draws at random; in 0.12 it is the same as `rr`.

    LiteLLM: the export follows what the gateway did: `simple-shuffle`. Write `rr` to have one-adapter rotate.
    """
    if context.gateway.load_balancing == "round_robin":
        yield context.note(
            context.field("", "load_balancing"),
            tr("round_robin draws at random"),
            tr("Write rr to take turns, or random to say what happens."),
        )


@rule("SOA402", "hash-is-random", "info", draws_at_random("hash"))
def hash_is_random(context: Context) -> Iterator[Note]:
    """`hash` does not keep a client with one service.

    Gateway: 0.10 hashes the time of the call, so the draw is random.

    LiteLLM: exported as random shares.
    """
    if context.gateway.load_balancing == "hash":
        yield context.note(
            context.field("", "load_balancing"),
            tr("hash draws at random: what it hashes is the time"),
            tr("Write random to say what happens."),
        )


@rule("SOA407", "hash-is-constant", "warning", lambda dialect: dialect.balancing["hash"] == "hash")
def hash_is_constant(context: Context) -> Iterator[Note]:
    """Under `hash`, a name always goes to the same service, and a service always takes the same key.

    It looks as if clients were spread and each kept to its place. What is hashed is the model's name, or
    the service's, and that never changes.

    Gateway: 0.12 sends every call for a name to one service; the others get none while its breaker is
    closed. 0.10 hashes the time of the call, so the draw is random.

    LiteLLM: the export sends the calls where the gateway sends them.
    """
    if context.order != "hash":
        return
    several = next((name for name, count in offers(context).items() if count > 1), None)
    pool = next((one for one in context.enabled if len(usable_keys(one)) > 1), None)
    if several is None and pool is None:
        return
    yield context.note(
        context.field("", "load_balancing"),
        tr('hash always draws the same of the services of "{name}"; the others get no call', name=several)
        if several is not None
        else tr("hash always draws the same of the keys of a credential_list; the others get no call"),
        tr("Write rr to take turns, or first to say which one it is."),
    )


@rule("SOA403", "first-across-types", "warning")
def first_across_types(context: Context) -> Iterator[Note]:
    """Under `first`, one name is offered by services of two types.

    Within one type the order of the file counts. Between types there is no order. The same holds for `hash`
    where it always draws the same service.

    Gateway: walks its types in another order at every start; which of the services is "first" changes
    from start to start.

    LiteLLM: the export takes the order of the file.
    """
    if context.order not in ("first", "hash"):
        return
    first: dict[str, tuple[str, str]] = {}
    told: set[str] = set()
    for service in context.enabled:
        names = (*service.models, *service.embedding_models)
        for name in dict.fromkeys((*names, *(service.model_redirect if names else ()))):
            kind, pointer = first.setdefault(name, (service.type, service.pointer))
            if kind != service.type and name not in told:
                told.add(name)
                line, _ = context.document.position(context.span(pointer).start)
                yield context.note(
                    service.pointer,
                    tr(
                        "{changes}: a {kind} service in line {line} and this {type} service offer it",
                        changes=_changes(context, name),
                        kind=kind,
                        line=line,
                        type=service.type,
                    ),
                    tr("Give it another name in one of the two."),
                )


def _changes(context: Context, name: str) -> str:
    if context.order == "first":
        return tr('which service is first for "{name}" changes from start to start', name=name)
    return tr('which service gets "{name}" changes from start to start', name=name)


@rule("SOA404", "nothing-enabled", "warning")
def nothing_enabled(context: Context) -> Iterator[Note]:
    """No service is switched on.

    `enabled` is false unless the file says `true`.

    Gateway: starts, and answers every call with 400; `/v1/models` is 404 in 0.10, and empty in 0.12.

    LiteLLM: a proxy without a model does nothing; `export` and `run` say so and stop.
    """
    if context.document.root is None or context.enabled or context.refusals or _is_meant(context):
        return
    services = context.gateway.services
    if services:
        message, advice = tr("no service is switched on"), tr('Set "enabled" to true.')
        yield context.note(services[0].pointer, message, advice)
    else:
        pointer = context.field("", "services")
        yield context.note(
            pointer, tr("there is no service, so nothing can be asked"), tr('Add one under "services".')
        )


def _is_meant(context: Context) -> bool:
    """Whether services stand in another place, or are switched on by another word: another rule speaks."""
    from one_adapter.lint.hints.misplaced import meant  # only a file with a slip in it pays for this

    types = context.record.values.get("services")
    if "services" in meant(context, "", context.structs.gateway) or (
        isinstance(types, Table) and not types.entries.keys() <= set(defaults.SERVICE_TYPES)
    ):
        return True
    known = context.structs.service
    return any("enabled" in meant(context, one.pointer, known) for one in context.gateway.services)


@rule("SOA405", "proxy-covers-nothing", "warning")
def proxy_covers_nothing(context: Context) -> Iterator[Note]:
    """There is a proxy that no call goes through.

    Strategy `default` covers only services with `"use_proxy": true`; `all` covers all but those with
    `false`; `disabled` (the default) covers none.

    Gateway: calls every vendor directly.

    LiteLLM: so does the export.
    """
    proxy = context.gateway.proxy
    on = context.enabled
    given = [name for name in ("http_proxy", "https_proxy", "socks5_proxy") if getattr(proxy, name)]
    if proxy.strategy == "disabled":
        wanted = [service for service in on if service.use_proxy]
        if given or wanted:
            where = context.field(proxy.pointer, given[0]) if given else f"{wanted[0].pointer}/use_proxy"
            yield context.note(
                where,
                tr("the proxy is not used: proxy.strategy is disabled"),
                tr("Set proxy.strategy to default or all."),
            )
    elif on and proxy.strategy == "default" and not any(service.use_proxy for service in on):
        yield context.note(
            context.field(proxy.pointer, "strategy"),
            tr("the strategy default covers only services with use_proxy, and none has it"),
            tr('Set "use_proxy" to true in a service, or write all.'),
        )
    elif on and proxy.strategy == "all" and all(service.use_proxy is False for service in on):
        yield context.note(
            context.field(proxy.pointer, "strategy"),
            tr("every service that is switched on has use_proxy false, so the proxy is not used"),
            tr("Write force_all, or remove use_proxy."),
        )


@rule("SOA406", "bad-socks-address", "warning")
def bad_socks_address(context: Context) -> Iterator[Note]:
    """`socks5_proxy` is no `host:port`.

    Gateway: accepts any text, and answers every call that should go through it with 500.

    LiteLLM: the upstream call would fail in the same way; `run` stops and says so.
    """
    proxy = context.gateway.proxy
    if proxy.type == "socks5" and proxy.socks5_proxy and not _SOCKS.fullmatch(proxy.socks5_proxy):
        yield context.note(
            context.field(proxy.pointer, "socks5_proxy"),
            tr("this is no address of a SOCKS5 proxy; every call through it fails"),
            tr("Write host:port, as in 127.0.0.1:1080."),
            "host:port",
        )
