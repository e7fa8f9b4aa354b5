"""SOA50x and SOA51x: the keys of clients, and the credentials for vendors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from one_adapter.config.model import Service
from one_adapter.config.node import escape, leaves
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.entries import is_pool
from one_adapter.lint.finding import Note
from one_adapter.lint.go.values import Table
from one_adapter.lint.keys import client_keys, credential_sets, own_names
from one_adapter.lint.rule import rule
from one_adapter.plan.addresses import split_url
from one_adapter.vendors.hosts import is_private
from one_adapter.vendors.service_types import CREDENTIALS


@rule("SOA501", "client-key-unusable", "warning")
def client_key_unusable(context: Context) -> Iterator[Note]:
    """An entry of `api_keys` can never be used.

    `api_key` guards the front door, and only a call that has shown it comes as far as `api_keys`.

    Gateway: refuses a call with this key (401), because it is not `api_key`.

    LiteLLM: the export leaves the key out; remove `api_key` to have both kinds.
    """
    master = context.record.text("api_key")
    for _, key, pointer in client_keys(context):
        if master and key and key != master:
            yield context.note(
                pointer,
                tr("this key is never accepted: the api_key at the top is asked for first, and differs"),
                tr("Remove the api_key at the top, or this entry."),
            )


@rule("SOA502", "master-key-not-listed", "warning")
def master_key_not_listed(context: Context) -> Iterator[Note]:
    """There are `api_keys`, and `api_key` is none of them.

    Gateway: lets a call with `api_key` in and then refuses its chat (`Forbidden: invalid API key`),
    because `api_keys` does not have it. Nobody can chat.

    LiteLLM: the export keeps the old key for everything else and names the trouble.
    """
    master = context.record.text("api_key")
    keys = [key for _, key, _ in client_keys(context)]
    if master and keys and master not in keys:
        yield context.note(
            context.field("", "api_key"),
            tr("no chat gets through: with api_keys in the file, the api_key must be one of them"),
            tr('Add it to api_keys with {{"supported_models": {{"*": ["*"]}}}}, or remove it.'),
        )


@rule("SOA503", "client-key-padded", "warning")
def client_key_padded(context: Context) -> Iterator[Note]:
    """A client's key has blanks around it.

    Gateway: does not trim it, but HTTP trims what clients send. The key works for `/v1/models` and never
    for a chat.

    LiteLLM: the export takes the blanks away.
    """
    places = [(context.record.text("api_key"), context.field("", "api_key"))]
    places += [(key, pointer) for _, key, pointer in client_keys(context)]
    for key, pointer in places:
        if key != key.strip():
            yield context.note(
                pointer, tr("this key has blanks around it; no client can send it"), tr("Remove the blanks.")
            )


@rule("SOA504", "key-allows-nothing", "warning")
def key_allows_nothing(context: Context) -> Iterator[Note]:
    """An entry of `api_keys` allows no model.

    `supported_models` maps any word to a list of models. The word is not looked at, the models are what
    clients ask for, and `"*"` alone allows all.

    Gateway: refuses every chat with this key when the list is empty or missing.

    LiteLLM: a key without models would be allowed everything; the export gives it none.
    """
    for entry, key, pointer in client_keys(context):
        table = entry.values.get("supported_models")
        lists = [value for value, _, _ in table.entries.values()] if isinstance(table, Table) else []
        if key and not any(listing is not None and listing.shown() for listing in lists):
            where = (
                entry.places["supported_models"].pointer if "supported_models" in entry.places else pointer
            )
            yield context.note(
                where,
                tr("this key allows no model, so every chat with it is refused"),
                tr('Write {{"*": ["*"]}} to allow all.'),
            )


@rule("SOA505", "key-pattern", "warning")
def key_pattern(context: Context) -> Iterator[Note]:
    """An entry of `supported_models` looks like a pattern.

    Gateway: knows only the lone `"*"`. `gpt-*` allows a model of exactly this name.

    LiteLLM: would take it for a wildcard; the export writes it as the plain name it was.
    """
    for entry, _, _ in client_keys(context):
        table = entry.values.get("supported_models")
        for listing, _, _ in table.entries.values() if isinstance(table, Table) else ():
            for name, place in listing.shown() if listing else ():
                if isinstance(name, str) and "*" in name and name != "*":
                    yield context.note(
                        place.pointer,
                        tr("this is no pattern: only a lone * stands for other names"),
                        tr("Name each model, or write *."),
                    )


@rule("SOA511", "missing-credential", "warning")
def missing_credential(context: Context) -> Iterator[Note]:
    """A service that is switched on lacks a credential its type needs.

    Names of credentials match exactly, also in JSON: `API_KEY` is not `api_key`.

    Gateway: starts, and sends an empty key to the vendor.

    LiteLLM: the export writes a variable without a value into `.env`.
    """
    for service in context.spoken:
        if (
            not service.enabled
            or service.type not in CREDENTIALS
            or (service.server_url and is_private(split_url(service.server_url).host))
        ):
            continue
        for pointer, values in credential_sets(context, service):
            if context.dialect.pools and values.get("enabled") is False:
                continue  # a key at rest may be half a one
            missing = _missing(CREDENTIALS[service.type].needed, values)
            if missing and not _is_meant(context, service, values):
                place = pointer if context.find(pointer) else service.pointer
                yield context.note(
                    place,
                    tr("{type} needs {missing}, which is not here", type=service.type, missing=missing),
                    tr("Without it the vendor answers 401."),
                )


def _is_meant(context: Context, service: Service, values: Mapping[str, Any]) -> bool:
    """Whether a credential stands under another name or in another place: another rule speaks of it."""
    from one_adapter.lint.hints.misplaced import (  # only a file with a slip in it pays for this
        credential_advice,
        meant,
    )

    facts = CREDENTIALS[service.type]
    elsewhere = meant(context, service.pointer, context.structs.service)
    if "credentials" in elsewhere or "credential_list" in elsewhere:
        return True
    own = own_names(service, context.dialect)
    others = (name for name in values if name not in (*facts.known, *own))
    return any(credential_advice(service, name, context.dialect, own).means in facts.known for name in others)


def _missing(needed: tuple[tuple[str, ...], ...], values: Mapping[str, Any]) -> str:
    """What is missing: nothing, when one of the alternatives is complete."""
    gaps = [[name for name in names if _is_empty(values.get(name))] for names in needed]
    if not gaps or not all(gaps):
        return ""
    started = [gap for gap, names in zip(gaps, needed, strict=True) if len(gap) < len(names)]
    return listed(started[0], "and") if started else listed([listed(gap, "and") for gap in gaps])


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@rule("SOA512", "credential-not-text", "warning")
def credential_not_text(context: Context) -> Iterator[Note]:
    """A credential is a number, or something else that is no text.

    Gateway: accepts it and sends an empty key. This holds in YAML as well, where digits alone are a number.

    LiteLLM: the export has no key to write.
    """
    for service in context.spoken:
        if service.type not in CREDENTIALS:
            continue
        for pointer, values in credential_sets(context, service):
            for name, value in values.items():
                if (
                    name in CREDENTIALS[service.type].known
                    and not isinstance(value, str)
                    and value is not None
                ):
                    yield context.note(
                        f"{pointer}/{escape(name)}",
                        tr("{name} is no text, so an empty one is sent", name=name),
                        tr("Put it in quotes."),
                    )


@rule("SOA513", "unknown-credential", "warning")
def unknown_credential(context: Context) -> Iterator[Note]:
    """A service has a credential its type does not read.

    Gateway: keeps it and does nothing with it.

    LiteLLM: nothing is exported for it.
    """
    for service in context.spoken:
        facts = CREDENTIALS.get(service.type)
        own = own_names(service, context.dialect)
        for pointer, values in credential_sets(context, service) if facts else ():
            for name in values:
                if facts and name not in (*facts.known, *facts.idle, *own):
                    from one_adapter.lint.hints.misplaced import (
                        credential_advice,  # only a file with a slip in it pays for this
                    )

                    advice = credential_advice(service, name, context.dialect, own)
                    yield context.key_note(
                        f"{pointer}/{escape(name)}",
                        tr('the type {type} reads no credential "{name}"', type=service.type, name=name),
                        advice.says,
                        severity=advice.severity,
                    )


@rule("SOA514", "credential-list-ignored", "warning")
def credential_list_ignored(context: Context) -> Iterator[Note]:
    """An azure service has a `credential_list`.

    Gateway: reads only `credentials` for azure; the list is never drawn from.

    LiteLLM: so does the export. Write one service for each key to share the load.
    """
    for service in context.spoken:
        if service.credential_list and not service.reads_list:
            yield context.key_note(
                context.field(service.pointer, "credential_list"),
                tr("azure services never draw from credential_list"),
                tr('Use "credentials", and one service for each key.'),
            )


@rule("SOA521", "every-key-off", "warning", lambda dialect: dialect.pools)
def every_key_off(context: Context) -> Iterator[Note]:
    """All keys of a `credential_list` are switched off.

    Gateway: 0.12 answers every call with 429, `no healthy credential is available`; what stands in
    `credentials` is not used, and no other service with the same model either where this one is drawn. 0.10
    knows no such switch, and draws all of them.

    LiteLLM: nothing is exported for the service; names that no other service has are answered with 429.
    """
    for service in context.spoken:
        if service.credential_list and service.enabled and not any(key.enabled for key in service.pool):
            yield context.key_note(
                context.field(service.pointer, "credential_list"),
                tr("all keys of this list are switched off, so every call is answered with 429"),
                tr('Set "enabled" of a key to true, or that of the service to false.'),
            )


@rule("SOA522", "credentials-beside-list", "warning")
def credentials_beside_list(context: Context) -> Iterator[Note]:
    """A service has `credentials` and a `credential_list`.

    Gateway: uses the list alone, whatever state its keys are in.

    LiteLLM: the export has the keys of the list.
    """
    for service in context.spoken:
        if is_pool(service) and service.credentials:
            yield context.key_note(
                context.field(service.pointer, "credentials"),
                tr("these are never used beside a credential_list"),
                tr("Remove them, or add them to the list."),
            )


@rule("SOA515", "literal-os-environ", "warning")
def literal_os_environ(context: Context) -> Iterator[Note]:
    """A value begins with `os.environ/`.

    That is LiteLLM's way to name an environment variable. Here it is plain text.

    Gateway: sends the text as it stands.

    LiteLLM: would put the variable's value in its place, so `export` and `run` refuse the file.
    """
    if context.document.root is None or "os.environ" not in context.document.text:
        return
    for pointer, node in leaves(context.document.root):
        if node.kind == "string" and node.value.startswith("os.environ/"):
            yield context.note(
                pointer,
                tr("os.environ/ means nothing to the gateway, and something else to LiteLLM"),
                tr("Write the value itself."),
            )
