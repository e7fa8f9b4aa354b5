"""SOA43x: where the versions of the gateway part for the file in hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from one_adapter.dialect import CURRENT, DIALECTS, Dialect
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.entries import decoded_services, key_entries, offers, usable_keys
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import MOST_FINDINGS, RULES, rule
from one_adapter.lint.rules.limits import limits_of, numbers_of

_DOES = {
    "first": tr("takes the first"),
    "random": tr("draws at random"),
    "rr": tr("takes turns"),
    "hash": tr("always draws the same"),
}


@rule("SOA430", "versions-part", "info")
def versions_part(context: Context) -> Iterator[Note]:
    """Versions 0.10 and 0.12 of the gateway do different things with this.

    What one-adapter exports and runs follows the version that `--gateway` names, 0.12 without it. Each such
    fact is told once in a file, where it is met first.

    Gateway: 0.12 (September 2026) takes turns under `round_robin`, tries the other keys of a list when one
    fails, counts all numbers of a limit and all limits of a call, takes 1 for a limit below 1, and knows
    `upstream_protocol`, `model_limits`, `tpm`, `statistics`, and the fields of keys.

    LiteLLM: gets what the chosen version does.
    """
    for other in DIALECTS.values():
        if other is context.dialect:
            continue
        for fact in (_balancing, _keys, _sums, _fractions, _fields):
            yield from fact(context, other)


def _balancing(context: Context, other: Dialect) -> Iterator[Note]:
    theirs = other.balancing.get(context.gateway.load_balancing)
    if theirs is None or context.order is None or theirs == context.order:
        return
    services = max(offers(context).values(), default=0)
    keys = max((len(usable_keys(one)) for one in context.enabled), default=0)
    if max(services, keys) > 1:
        says = tr(
            "gateway {other} {theirs} here, {version} {ours}",
            other=other.version,
            theirs=_DOES[theirs],
            version=context.dialect.version,
            ours=_DOES[context.order],
        )
        yield context.note(context.field("", "load_balancing"), says)


def _keys(context: Context, other: Dialect) -> Iterator[Note]:
    if other.pools == context.dialect.pools:
        return
    one, both = (context.dialect, other) if other.pools else (other, context.dialect)
    for service in context.enabled:
        if len(usable_keys(service)) > 1:
            says = tr(
                "when a key fails, gateway {newer} tries the next of the list, {older} none",
                newer=both.version,
                older=one.version,
            )
            yield context.key_note(context.field(service.pointer, "credential_list"), says)
            return


def _sums(context: Context, other: Dialect) -> Iterator[Note]:
    if other.limits_add_up == context.dialect.limits_add_up:
        return
    one, every = (context.dialect, other) if other.limits_add_up else (other, context.dialect)
    for limit, service in limits_of(context):
        part = limit not in (service.limit, service.embedding_limit) and numbers_of(service.limit)
        if part or len(numbers_of(limit)) > 1:
            versions = {"newer": every.version, "older": one.version}
            says = (
                tr("gateway {newer} counts this beside the service's limit, {older} does not", **versions)
                if part
                else tr(
                    "gateway {newer} counts all numbers of this limit, {older} the first alone", **versions
                )
            )
            yield context.key_note(limit.pointer, says)
            return


def _fractions(context: Context, other: Dialect) -> Iterator[Note]:
    if other.least == context.dialect.least:
        return
    none, some = (context.dialect, other) if other.least else (other, context.dialect)
    for limit, _ in limits_of(context):
        for kind, number in numbers_of(limit).items():
            if number < 1:
                says = tr(
                    "gateway {newer} lets calls through a {kind} below 1, {older} lets none",
                    newer=some.version,
                    kind=kind,
                    older=none.version,
                )
                yield context.note(context.field(limit.pointer, kind), says)
                return


def _fields(context: Context, other: Dialect) -> Iterator[Note]:
    """The fields that the other version does nothing with; those unknown to this one are told anyway."""
    if other.protocols or not context.dialect.protocols:
        return
    found = list(_newer_fields(context))
    if found:
        names = tuple(dict.fromkeys(name for name, _ in found))
        says = tr(
            "gateway {version} does nothing with {fields}", version=other.version, fields=listed(names, "and")
        )
        yield context.key_note(found[0][1], says)


def _newer_fields(context: Context) -> Iterator[tuple[str, str]]:
    """Name and pointer of every field that pools, protocols and statistics have brought."""
    if "statistics" in context.record.values:
        yield "statistics", context.record.at("statistics").pointer
    for _, _, service, _ in decoded_services(context):
        for name in ("upstream_protocol", "model_limits"):
            if service.values.get(name):
                yield name, service.at(name).pointer
    for limit, _ in limits_of(context):
        if limit.tpm > 0:
            yield "tpm", context.field(limit.pointer, "tpm")
    for key in key_entries(context):
        enabled = key.node("enabled")
        if enabled is not None and enabled.value is False:
            yield tr("enabled of a key"), key.at("enabled").pointer
        if key.node("model_limits") is not None:
            yield "model_limits", key.at("model_limits").pointer


@rule("SOA431", "newer-gateway-refuses", "info", lambda dialect: dialect is not CURRENT)
def newer_gateway_refuses(context: Context) -> Iterator[Note]:
    """The gateway of today would refuse this file.

    Gateway: 0.12 checks fields that 0.10 does not know, also in services that are switched off.

    LiteLLM: `export` and `run` follow the version that `--gateway` names.
    """
    told = {(code, note.pointer) for code, note in _refusals(context, context.dialect)}
    newer = Context(context.document, CURRENT)
    for code, note in _refusals(newer, CURRENT):
        if (code, note.pointer) not in told:
            says = tr(
                "gateway {version} refuses this: {message}", version=CURRENT.version, message=note.message
            )
            yield note._replace(message=says, severity="info")


def _refusals(context: Context, dialect: Dialect) -> Iterator[tuple[str, Note]]:
    for known in RULES.values():
        if known.severity == "error" and known.when(dialect):
            yield from ((known.code, note) for note in islice(known.check(context), MOST_FINDINGS))
