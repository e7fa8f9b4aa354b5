"""What only a person can do, or should know, before clients are moved over."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.model import Gateway, Service
from one_adapter.config.node import escape
from one_adapter.plan.credentials import client_kind_of, kind_of
from one_adapter.plan.policy import uses_proxy
from one_adapter.plan.pools import all_on
from one_adapter.plan.redirects import Names
from one_adapter.plan.routes import ALL
from one_adapter.plan.types import Access, Task
from one_adapter.plan.understanding import Understanding
from one_adapter.vendors.service_types import CREDENTIALS, ENDED, RETIRED
from one_adapter.vendors.unusable import Kind

#: What an address is made of, where that is not the server_url alone.
_ADDRESS_FROM = {
    "vertexai": "project_id and location in credentials",
    "xinghuo": "server_url, and domain in credentials",
}


def tasks_of(understanding: Understanding, access: Access) -> tuple[Task, ...]:
    """Everything to do or to know by hand, in the order of the file."""
    tasks = [task for names in understanding.names for task in _service(names, understanding)]
    tasks += _whole(understanding.gateway, access)
    return tuple(tasks)


def what_ended(kind: str) -> str:
    """What a type's vendor ended, and what to create instead."""
    return f"{ENDED[kind].notice}; {ENDED[kind].task}"


def _service(names: Names, understanding: Understanding) -> Iterator[Task]:
    service, at = names.service, names.service.pointer
    if service.chat_type in ENDED:
        yield Task("warning", "vendor-ended", at, f"{service.id}: {what_ended(service.chat_type)}.")
    retired = RETIRED.get(service.chat_type)
    gone = [model for model in service.models if retired and retired.has(names.upstream_model(model))]
    if retired and gone:
        message = f"{service.id}: {', '.join(gone)}: {retired.notice}; {retired.instead}"
        yield Task("warning", "model-retired", at, f"{message}.")
    yield from _credentials(service)
    if not all_on(service):
        message = (
            f"{service.id}: every key in credential_list is switched off. The gateway answers 429 when it "
            "draws the service, here only where no other service has the name. Switch a key on, or the "
            "service off"
        )
        yield Task("warning", "keys-off", f"{at}/credential_list", f"{message}.")
    if names.turned:
        message = (
            f"{service.id}: model_redirect stands the other way round; both names of each pair answer, "
            "and the listed id goes upstream. With --redirects literal the file is taken at its word"
        )
        yield Task("warning", "redirects-turned", at, f"{message}.")
    homeless = [
        model
        for model in service.models
        if not any(
            understanding.upstream(service, number, names.upstream_model(model))
            for number in all_on(service) or (0,)
        )
    ]
    if homeless:
        message = (
            f"{service.id}: no address is known for {', '.join(homeless)}; the gateway answers 500 for it"
        )
        give = _ADDRESS_FROM.get(service.chat_type, "server_url")
        kept = "only its embeddings are kept" if service.chat_type == "openai" else "the name is left out"
        yield Task("warning", "no-address", at, f"{message}, here {kept}. Give {give}.")
    for name in (*service.models, *service.embedding_models, *service.model_redirect):
        if "*" in name:
            message = f"{service.id}: {name!r} would be a pattern in LiteLLM and is left out"
            yield Task(
                "warning", "wildcard-name", at, f"{message}; give the model a name without an asterisk."
            )


def _credentials(service: Service) -> Iterator[Task]:
    """The credentials of a service that open nothing. Of what a vendor ended another task speaks."""
    if service.chat_type in ENDED:
        return
    every = service.each_credential if service.reads_list else (service.credentials,)
    for index, values in enumerate(every):
        if service.reads_list and not service.pool[index].enabled:
            continue
        where = f"credential_list/{index}" if service.reads_list else "credentials"
        for name in CREDENTIALS[service.chat_type].known:
            value = values.get(name)
            kind = kind_of(service, name, value) if isinstance(value, str) else None
            if kind:
                number = f" of credential {index + 1}" if len(every) > 1 else ""
                where_it_is = f"{service.pointer}/{where}/{escape(name)}"
                yield _unusable(where_it_is, f"{service.id}: {name}{number}", kind)


def _client_keys(gateway: Gateway, access: Access) -> Iterator[Task]:
    for key in access.keys:
        value = gateway.api_key if key.index is None else gateway.api_keys[key.index].api_key
        pointer = "/api_key" if key.index is None else f"{gateway.api_keys[key.index].pointer}/api_key"
        kind = client_kind_of(value)
        if kind:
            yield _unusable(pointer, "the key of clients", kind)


def _unusable(pointer: str, what: str, kind: Kind) -> Task:
    empty = "; exported, its variable is left empty" if kind.left_out else ""
    return Task("warning", "credential-unusable", pointer, f"{what} {kind.says}{empty}. {kind.help}")


def _whole(gateway: Gateway, access: Access) -> Iterator[Task]:
    if ALL not in gateway.model_redirect:
        for name in gateway.model_redirect:
            if "*" in name:
                message = f"model_redirect: {name!r} would be a pattern in LiteLLM and is left out"
                pointer = f"/model_redirect/{escape(name)}"
                yield Task("warning", "wildcard-name", pointer, f"{message}; name each model.")
    yield from _client_keys(gateway, access)
    if gateway.enable_web:
        yield Task(
            "info",
            "no-web-console",
            "/enable_web",
            "The gateway's web console has no counterpart here; edit the exported file instead.",
        )
    if access.open:
        yield Task(
            "warning",
            "open-proxy",
            "",
            "The gateway asks clients for no key, and so does the proxy: keep it on loopback or add api_key.",
        )
    if gateway.proxy.strategy != "disabled" and not any(
        service.enabled and uses_proxy(service, gateway.proxy.strategy) for service in gateway.services
    ):
        yield Task(
            "info", "proxy-unused", gateway.proxy.pointer, "The proxy settings cover no enabled service."
        )
