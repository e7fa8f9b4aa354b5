"""SOA60x: addresses the gateway accepts and then does something else with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from one_adapter.config import defaults
from one_adapter.config.model import Service
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule
from one_adapter.plan.addresses import split_url
from one_adapter.plan.vendors import host_of
from one_adapter.vendors.hosts import is_private
from one_adapter.vendors.service_types import OPENAI_SHAPED, SERVICE_TYPES, URL_IGNORED

_CHAT = "/chat/completions"
_LOCATION = re.compile(r"[A-Za-z0-9-]+")
_VERSIONED = re.compile(r"/v(?:[1-9]|[1-4][0-9]|50)$")


def _addressed(context: Context) -> Iterator[tuple[Service, str, str, str]]:
    """Services with an address: service, pointer of server_url, scheme, path without query."""
    for service in context.spoken:
        if service.server_url:
            scheme, _, rest = service.server_url.partition("://")
            path = rest.partition("#")[0].partition("?")[0].partition("/")
            yield service, context.field(service.pointer, "server_url"), scheme.lower(), path[1] + path[2]


@rule("SOA601", "http-in-websocket-service", "warning")
def http_in_websocket_service(context: Context) -> Iterator[Note]:
    """A xinghuo service has an http address, and it speaks WebSocket.

    The gateway's xinghuo type knows only Spark's WebSocket API. The HTTP API is the OpenAI-compatible one.

    Gateway: accepts the address and fails at every call.

    LiteLLM: write the HTTP address in a service of type openai, with the APIPassword as api_key.
    """
    for service, pointer, scheme, _ in _addressed(context):
        if service.type == "xinghuo" and _speaks_otherwise(service, scheme):
            yield context.note(
                pointer,
                tr("a xinghuo service speaks WebSocket; a call to {scheme}:// fails", scheme=scheme),
                tr("Write wss://spark-api.xf-yun.com/…, or move the service to type openai."),
                listed(["wss://", "ws://"]),
            )


def _speaks_otherwise(service: Service, scheme: str) -> bool:
    """Whether an address is for HTTP and the service speaks WebSocket, or the other way round."""
    if service.type == "xinghuo":
        return scheme in ("http", "https")
    return service.type not in URL_IGNORED and scheme in ("ws", "wss")


@rule("SOA602", "websocket-in-http-service", "warning")
def websocket_in_http_service(context: Context) -> Iterator[Note]:
    """A service that speaks HTTP has a ws or wss address.

    Gateway: accepts the address and fails at every call. Only xinghuo speaks WebSocket.

    LiteLLM: would fail at every call as well.
    """
    for service, pointer, scheme, _ in _addressed(context):
        if service.type != "xinghuo" and _speaks_otherwise(service, scheme):
            yield context.note(
                pointer,
                tr(
                    "a service of type {type} speaks HTTP; a call to {scheme}:// fails",
                    type=service.type,
                    scheme=scheme,
                ),
                tr("Write https://, or move the service to type xinghuo."),
                listed(["https://", "http://"]),
            )


@rule("SOA603", "wrong-service-type", "warning")
def wrong_service_type(context: Context) -> Iterator[Note]:
    """A vendor's address stands under the wrong service type.

    Each type speaks its own dialect. The vendor behind this address does not understand the one of
    this type.

    Gateway: sends the type's dialect to the address; the vendor answers with an error.

    LiteLLM: the export goes by the type as well.
    """
    for service, pointer, scheme, _ in _addressed(context):
        home = host_of(service.server_url)
        if _speaks_otherwise(service, scheme) or service.type not in SERVICE_TYPES:
            continue  # of these another rule speaks
        if service.upstream_protocol != "auto":
            continue  # it says itself what is spoken there
        if home and service.type not in home.types and service.type not in URL_IGNORED:
            yield context.note(
                pointer,
                tr(
                    "this is {vendor}, and it does not speak the dialect of type {type}",
                    vendor=home.api or home.name,
                    type=service.type,
                ),
                tr("Move the service to type {types}.", types=listed(home.types)),
            )


@rule("SOA604", "server-url-ignored", "warning")
def server_url_ignored(context: Context) -> Iterator[Note]:
    """A `server_url` stands where the gateway does not look at it.

    Gateway: the types bailian, dashscope, dify, hunyuan, qianfan and vertexai never call another address
    than the vendor's own.

    LiteLLM: the export uses the address for dify (so that your own Dify is reached), and the vendor's
    own for the others.
    """
    for service, pointer, _, _ in _addressed(context):
        if service.type in URL_IGNORED:
            yield context.note(
                pointer,
                tr(
                    "the gateway ignores server_url for {type} and calls the vendor's own address",
                    type=service.type,
                ),
                tr("Remove it.") if service.type != "dify" else tr("LiteLLM will use it; nothing to do."),
            )


@rule("SOA605", "query-in-server-url", "warning")
def query_in_server_url(context: Context) -> Iterator[Note]:
    """A `server_url` has a query string.

    Gateway: glues its path behind the query (`…/v1?tenant=7/chat/completions`), or loses the query when
    the path already ends in `/chat/completions`.

    LiteLLM: one-adapter sends the query with every call.
    """
    for service, pointer, _, _ in _addressed(context):
        verbatim = service.upstream_protocol == "anthropic_messages" or service.type in URL_IGNORED
        if "?" in service.server_url.partition("#")[0] and not verbatim:
            yield context.note(
                pointer,
                tr("the gateway breaks an address with a query string"),
                tr("Remove the query; exported, it is sent as it should be."),
            )


@rule("SOA606", "no-default-address", "warning")
def no_default_address(context: Context) -> Iterator[Note]:
    """A service has no `server_url`, and the gateway knows no address for the model.

    Without an address it looks at the beginning of the upstream model's name, whatever the type:
    `glm-`, `deepseek-`, `yi-` and `gpt-`. Type azure has no address of its own at all.

    Gateway: answers every call for the model with 500.

    LiteLLM: the export knows the addresses of deepseek, zhipu and groq; for others it leaves the model
    out and says so.
    """
    for service in context.spoken:
        if not service.enabled or service.server_url or service.upstream_protocol == "responses":
            continue
        if service.type == "azure" and not _is_meant(context, service):
            yield context.note(
                service.pointer, tr("an azure service needs its server_url"), tr("Set it to your resource.")
            )
        if service.type not in OPENAI_SHAPED:
            continue
        lost = [name for name in service.models if not _has_default(service, name)]
        if lost and not _is_meant(context, service):
            yield context.note(
                _listed_at(context, service, lost[0]),
                _no_address(lost),
                tr(
                    'Set "server_url"; the gateway knows only names that begin with glm-, deepseek-, '
                    "yi-, gpt-."
                ),
            )


def _no_address(names: list[str]) -> str:
    if len(names) == 1:
        return tr('there is no server_url, and no address is known for "{name}"', name=names[0])
    return tr(
        'there is no server_url, and no address is known for "{name}" (and {more} more)',
        name=names[0],
        more=len(names) - 1,
    )


def _is_meant(context: Context, service: Service) -> bool:
    """Whether an address stands there under another name, of which another rule speaks."""
    from one_adapter.lint.hints.misplaced import meant  # only a file with a slip in it pays for this

    return "server_url" in meant(context, service.pointer, context.structs.service)


def _listed_at(context: Context, service: Service, name: str) -> str:
    """The pointer of a model in its service's list; the service's own for a built-in model."""
    base = context.field(service.pointer, "models")
    node = context.find(base)
    for index, item in enumerate(node.items if node else ()):
        if isinstance(item.value, str) and item.value.strip() == name:
            return f"{base}/{index}"
    return service.pointer


def _has_default(service: Service, name: str) -> bool:
    model = service.model_redirect.get(name, name)
    upstream = service.model_map.get(model, model).lower()
    return any(upstream.startswith(prefix) for prefix, _ in defaults.DEFAULT_URLS)


@rule("SOA607", "plain-http", "warning")
def plain_http(context: Context) -> Iterator[Note]:
    """An address on the public internet has no encryption.

    The vendor's key and every message go over the wire for anyone to read.

    Gateway: calls it so.

    LiteLLM: so does the export.
    """
    for service, pointer, scheme, _ in _addressed(context):
        host = split_url(service.server_url).host
        if scheme in ("http", "ws") and service.type not in URL_IGNORED and host and not is_private(host):
            yield context.note(
                pointer,
                tr("the key and all messages go over the internet in plain text"),
                tr("Write {scheme}s:// if the server has it.", scheme=scheme),
            )


@rule("SOA608", "path-doubled", "warning")
def path_doubled(context: Context) -> Iterator[Note]:
    """The gateway appends `/chat/completions` to an address that has it already.

    It knows the ending only in the form `/vN/chat/completions` with N from 1 to 50, and without a slash
    at the end.

    Gateway: calls `…/chat/completions/chat/completions`, which is 404.

    LiteLLM: the export cuts the ending off in any form.
    """
    for service, pointer, _, path in _addressed(context):
        bare = path.rstrip("/")
        if service.type not in OPENAI_SHAPED or not bare.endswith(_CHAT):
            continue
        if service.upstream_protocol == "responses":
            continue  # there the ending is replaced
        if path != bare or not _VERSIONED.search(bare[: -len(_CHAT)]):
            yield context.note(
                pointer,
                tr("the gateway appends /chat/completions a second time here"),
                tr("Remove the slash at the end.")
                if path != bare and _VERSIONED.search(bare[: -len(_CHAT)])
                else tr("Remove /chat/completions."),
            )


@rule("SOA609", "bad-location", "warning")
def bad_location(context: Context) -> Iterator[Note]:
    """The `location` of a vertexai service cannot be one.

    It becomes the beginning of a host name, so it has letters, digits and dashes only: `us-central1`.

    Gateway: builds an address that does not exist, or another one than Google's.

    LiteLLM: builds the same address.
    """
    for service in context.spoken:
        if service.type != "vertexai":
            continue
        listed_sets = bool(service.credential_list)
        base = context.field(service.pointer, "credential_list" if listed_sets else "credentials")
        for index, values in enumerate(service.each_credential):
            location = values.get("location")
            if isinstance(location, str) and location.strip() and not _LOCATION.fullmatch(location.strip()):
                yield context.note(
                    f"{base}/{index}/location" if listed_sets else f"{base}/location",
                    tr("this is no location: it becomes part of a host name"),
                    tr("Write one of Google's, or global."),
                    tr("letters, digits and dashes"),
                )
