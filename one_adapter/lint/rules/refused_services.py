"""SOA22x: what the gateway refuses in a service, switched on or not."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config import defaults
from one_adapter.config.fields import Structs
from one_adapter.config.node import segments
from one_adapter.config.reading import trim
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.entries import ID, NUMBERS, UNSAFE, decoded_services, key_limits, types_of
from one_adapter.lint.finding import Note
from one_adapter.lint.go.addresses import parse_url
from one_adapter.lint.go.values import Listing, Place, Record, Table
from one_adapter.lint.rule import rule
from one_adapter.lint.rules.refused_settings import unknown_word
from one_adapter.plan.vendors import host_of
from one_adapter.vendors.hosts import Host

_SCHEMES = ("http", "https", "ws", "wss")


@rule("SOA220", "unsupported-service-type", "error")
def unsupported_service_type(context: Context) -> Iterator[Note]:
    """There is a service type the gateway does not know.

    There are 17, in lower case: azure, bailian, claude, dashscope, deepseek, dify, gemini, groq, hunyuan,
    huoshan, minimax, ollama, openai, qianfan, vertexai, xinghuo, zhipu. Every vendor that speaks
    OpenAI's protocol (Moonshot, SiliconFlow, 01.AI, NVIDIA, OpenRouter, …) goes under `openai` with its
    `server_url`.

    Gateway: ends with `services.TYPE: unsupported service type`, even if the list is empty or everything
    in it is disabled. Earlier versions knew cozecn, cozecom and agentbuilder.

    LiteLLM: knows most of these vendors; write the service under `openai`, then export.
    """
    for name, place, key, listing in types_of(context):
        if name not in defaults.SERVICE_TYPES:
            what = tr('the gateway knows no service type "{name}"', name=name)
            yield Note(place.pointer, key, what, _type_help(name, listing, context.structs))


def _type_help(name: str, listing: Listing | None, structs: Structs) -> str:
    """The right type: by the address, by the name, or the place of a field that is no type."""
    from one_adapter.lint.hints.misplaced import (
        TYPES_ELSEWHERE,  # only a file with a slip in it pays for this
    )

    lower = name.strip().lower()
    if lower in defaults.RETIRED_TYPES:
        return tr("This version of the gateway no longer has it. Remove it.")
    known = lower if lower in defaults.SERVICE_TYPES else TYPES_ELSEWHERE.get(lower, "")
    home = _address_home(listing)
    if home and known not in home.types:
        what = home.api or home.name
        return tr(
            "Move it to type {types}: its address is that of {vendor}.", types=listed(home.types), vendor=what
        )
    if known:
        return (
            tr("Write {name}, in lower case.", name=known)
            if known == lower
            else tr("It is called {name} here.", name=known)
        )
    if name in structs.gateway.fields:
        return tr("It belongs in the top level, beside services.")
    if name in structs.service.fields:
        return tr("It belongs in a service: an entry of the list under its type, such as openai.")
    from difflib import get_close_matches  # only a file with a slip in it pays for this

    close = get_close_matches(lower, defaults.SERVICE_TYPES, 1, 0.7)
    if close:
        return tr("Did you mean {name}?", name=close[0])
    return tr("A vendor that speaks OpenAI's protocol goes under openai, with its server_url.")


def _address_home(listing: Listing | None) -> Host | None:
    """The vendor behind the first address of several services that is known."""
    entries = [entry for entry, _ in (listing.shown() if listing else ()) if isinstance(entry, Record)]
    return next(
        (home for home in (host_of(trim(entry.text("server_url"))) for entry in entries) if home), None
    )


@rule("SOA221", "bad-service-id", "error")
def bad_service_id(context: Context) -> Iterator[Note]:
    """A service's `id` has characters in it that the gateway does not take.

    Letters, digits, dot, underscore and dash, beginning with a letter or a digit. Without an id a
    service is called `openai-1`, `openai-2`, and so on.

    Gateway: ends with `services.openai.0.id: must be a stable identifier …`.

    LiteLLM: the id becomes part of the deployments' `model_info.id`.
    """
    for _, _, entry, _ in decoded_services(context):
        without = tr("Remove it; the service then gets an id by itself.")
        yield from bad_id(context, entry.at("id"), trim(entry.text("id")), without)


def bad_id(context: Context, place: Place, ident: str, without: str) -> Iterator[Note]:
    """What the gateway has against an id, with a better one; `without` is the advice where there is none."""
    if ident and not ID.fullmatch(ident):
        better = UNSAFE.sub("-", ident).strip("-._")
        yield context.place_note(
            place,
            tr("this id has characters in it that the gateway does not take"),
            tr("Write {name}.", name=better) if better else without,
            tr("letters, digits, . _ - (first a letter or digit)"),
        )


@rule("SOA222", "duplicate-service-id", "error")
def duplicate_service_id(context: Context) -> Iterator[Note]:
    """Two services have the same id.

    Ids are unique over all types. A service without an id has one too: its type and its number,
    `openai-1` for the first of type openai.

    Gateway: ends with `services.openai.1.id: duplicate service id`.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    seen: dict[str, Place] = {}
    for name, index, entry, place in decoded_services(context):
        written = trim(entry.text("id"))
        ident = written or f"{name}-{index + 1}"
        where = entry.at("id") if written else place
        if ident in seen and ID.fullmatch(ident):
            line, column = context.document.position(seen[ident].span.start)
            note = context.place_note(
                where,
                tr('the id "{id}" is already taken', id=ident)
                if written
                else tr(
                    'the id "{id}" (the one it gets without an id of its own) is already taken', id=ident
                ),
                tr(
                    "Choose another id; the first is in line {line}, column {column}.",
                    line=line,
                    column=column,
                ),
            )
            yield note._replace(also=(seen[ident].span, tr("taken here")))
        seen.setdefault(ident, where)


@rule("SOA223", "negative-limit", "error")
def negative_limit(context: Context) -> Iterator[Note]:
    """A limit or a timeout is below zero.

    0 means: no limit, and for `timeout` the built-in 30 seconds.

    Gateway: ends with `services.openai.0.limit: limits and timeouts must not be negative`, also for
    `timeout` and `embedding_limit`; 0.12 also for `model_limits` and for the limits of keys in
    `credential_list`.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    for record, names in _numbers(context):
        for name in names:
            if record.number(name) < 0:
                yield context.place_note(
                    record.at(name), tr("{name} is below zero", name=name), "", tr("0 (none) or more")
                )


def _numbers(context: Context) -> Iterator[tuple[Record, tuple[str, ...]]]:
    """Every object with limits in it, and the names of its numbers."""
    for _, _, entry, _ in decoded_services(context):
        yield entry, ("timeout",)
        for field in ("limit", "embedding_limit"):
            if field in entry.values:
                yield entry.record(field), NUMBERS
        by_model = entry.values.get("model_limits")
        for name, (limit, _, _) in by_model.entries.items() if isinstance(by_model, Table) else ():
            if trim(name):
                yield limit, NUMBERS
    for limit in key_limits(context) if context.dialect.pools else ():
        yield limit, NUMBERS


@rule("SOA224", "no-models", "error")
def no_models(context: Context) -> Iterator[Note]:
    """A service is switched on and has no model.

    It needs a name in `models` or `embedding_models`; blank names do not count. The types qianfan,
    hunyuan, xinghuo, deepseek, zhipu, minimax, huoshan, gemini and groq have built-in models and may
    leave both out.

    Gateway: ends with `services.openai.0.models: at least one chat or embedding model is required`.

    LiteLLM: a deployment always names its model.
    """
    for entry, place in services_without_models(context):
        from one_adapter.lint.hints.misplaced import meant  # only a file with a slip in it pays for this

        meant_by = meant(context, place.pointer, context.structs.service).get("models")
        yield context.place_note(
            entry.places.get("models", place),
            tr("this {type} service is switched on and has no model", type=segments(place.pointer)[1]),
            tr('Did you mean models by "{name}"?', name=meant_by)
            if meant_by
            else tr('Name one in "models", or set "enabled" to false.'),
            tr('a name in "models" or "embedding_models"'),
        )


def services_without_models(context: Context) -> Iterator[tuple[Record, Place]]:
    """The services that are switched on, have no model, and whose type has none built in."""
    for name, _, entry, place in decoded_services(context):
        if name in defaults.DEFAULT_MODELS or not entry.flag("enabled"):
            continue
        named = [*entry.items("models"), *entry.items("embedding_models")]
        if any(isinstance(text, str) and trim(text) for text, _ in named):
            continue
        if any(refusal.place.pointer.startswith(f"{place.pointer}/") for refusal in context.refusals):
            continue  # a list of the wrong type has been spoken of already
        yield entry, place


@rule("SOA225", "bad-server-url", "error")
def bad_server_url(context: Context) -> Iterator[Note]:
    """`server_url` is not an absolute http, https, ws or wss address.

    Scheme and host belong to it: `https://api.openai.com/v1`.

    Gateway: ends with `services.openai.0.server_url: must be an absolute HTTP(S) or WebSocket URL`.
    It reads the address as Go's `url.Parse` does, which takes no blank in the host and no percent sign
    without two hexadecimal digits.

    LiteLLM: would only fail at the first request.
    """
    for _, _, entry, _ in decoded_services(context):
        text = trim(entry.text("server_url"))
        parsed = parse_url(text) if text else None
        if parsed is None or (not isinstance(parsed, str) and parsed.host and parsed.scheme in _SCHEMES):
            continue
        reason, advice = _url_reason(text, parsed)
        yield context.place_note(
            entry.at("server_url"),
            tr("server_url is no absolute address: {reason}", reason=reason),
            advice,
            tr("https://host/path (or http, ws, wss)"),
        )


def _url_reason(text: str, parsed: object) -> tuple[str, str]:
    if isinstance(parsed, str):
        return parsed, ""
    if "://" not in text:
        return tr("it has no scheme"), tr("Begin it with https://.")
    if text.lower().startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        return tr("it has no host"), ""
    return tr("the gateway does not speak this protocol"), ""


@rule("SOA226", "unknown-upstream-protocol", "error", lambda dialect: dialect.protocols)
def unknown_upstream_protocol(context: Context) -> Iterator[Note]:
    """`upstream_protocol` is none of the gateway's words.

    They are `auto`, `chat_completions`, `responses` and `anthropic_messages`, in any case.

    Gateway: 0.12 ends with `services.openai.0.upstream_protocol: supported values: …`, 0.10 does nothing
    with it.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    for _, _, entry, _ in decoded_services(context):
        word = trim(entry.text("upstream_protocol")).lower()
        if word and word not in defaults.UPSTREAM_PROTOCOLS:
            yield unknown_word(context, entry, "upstream_protocol", word, defaults.UPSTREAM_PROTOCOLS)
