"""What only a person can do, or should know, before clients are moved over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from one_adapter.config.model import Gateway, Service
from one_adapter.config.node import escape
from one_adapter.language import enumerated, sentences, tr
from one_adapter.plan.credentials import client_kind_of, kind_of
from one_adapter.plan.policy import uses_proxy
from one_adapter.plan.pools import all_on
from one_adapter.plan.redirects import Names
from one_adapter.plan.routes import ALL
from one_adapter.plan.types import Access, Task
from one_adapter.plan.understanding import Understanding
from one_adapter.vendors.service_types import CREDENTIALS, ENDED, RETIRED, Retired
from one_adapter.vendors.unusable import Kind

#: What an address is made of, where that is not the server_url alone.
_ADDRESS_FROM = {
    "vertexai": tr("project_id and location in credentials"),
    "xinghuo": tr("server_url, and domain in credentials"),
}


def tasks_of(understanding: Understanding, access: Access) -> tuple[Task, ...]:
    """Everything to do or to know by hand, in the order of the file."""
    tasks = [task for names in understanding.names for task in _service(names, understanding)]
    tasks += _whole(understanding.gateway, access)
    return tuple(tasks)


def what_ended(kind: str) -> str:
    """What a type's vendor ended, and what to create instead."""
    return tr("{notice}; {task}", notice=ENDED[kind].notice, task=ENDED[kind].task)


def what_retired(retired: Retired) -> str:
    """What a vendor took away, and what to choose instead."""
    return tr("{notice}; {instead}", notice=retired.notice, instead=retired.instead)


def _service(names: Names, understanding: Understanding) -> Iterator[Task]:
    service, at = names.service, names.service.pointer
    if service.chat_type in ENDED:
        ended = tr("{service}: {what}.", service=service.id, what=what_ended(service.chat_type))
        yield Task("warning", "vendor-ended", at, ended)
    retired = RETIRED.get(service.chat_type)
    gone = [model for model in service.models if retired and retired.has(names.upstream_model(model))]
    if retired and gone:
        message = tr(
            "{service}: {models}: {what}.",
            service=service.id,
            models=enumerated(gone),
            what=what_retired(retired),
        )
        yield Task("warning", "model-retired", at, message)
    yield from _credentials(service)
    yield from _keys_and_redirects(names)
    yield from _left_out(names, understanding)


def _keys_and_redirects(names: Names) -> Iterator[Task]:
    service, at = names.service, names.service.pointer
    if not all_on(service):
        message = tr(
            "{service}: every key in credential_list is switched off. The gateway answers 429 when it "
            "draws the service, here only where no other service has the name. Switch a key on, or the "
            "service off.",
            service=service.id,
        )
        yield Task("warning", "keys-off", f"{at}/credential_list", message)
    if names.turned:
        message = tr(
            "{service}: model_redirect stands the other way round; both names of each pair answer, "
            "and the listed id goes upstream. With --redirects literal the file is taken at its word.",
            service=service.id,
        )
        yield Task("warning", "redirects-turned", at, message)


def _left_out(names: Names, understanding: Understanding) -> Iterator[Task]:
    """The names of a service that are not carried over."""
    service, at = names.service, names.service.pointer
    homeless = [
        model
        for model in service.models
        if not any(
            understanding.upstream(service, number, names.upstream_model(model))
            for number in all_on(service) or (0,)
        )
    ]
    if homeless:
        yield Task("warning", "no-address", at, _homeless(service, homeless))
    for name in (*service.models, *service.embedding_models, *service.model_redirect):
        if "*" in name:
            message = tr(
                "{service}: {name!r} would be a pattern in LiteLLM and is left out; give the model a name "
                "without an asterisk.",
                service=service.id,
                name=name,
            )
            yield Task("warning", "wildcard-name", at, message)


def _homeless(service: Service, models: Sequence[str]) -> str:
    give = _ADDRESS_FROM.get(service.chat_type, "server_url")
    told = {"service": service.id, "models": enumerated(models), "give": give}
    if service.chat_type == "openai":
        return tr(
            "{service}: no address is known for {models}; the gateway answers 500 for it, here only its "
            "embeddings are kept. Give {give}.",
            **told,
        )
    return tr(
        "{service}: no address is known for {models}; the gateway answers 500 for it, here the name is left "
        "out. Give {give}.",
        **told,
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
                what = tr("{service}: {name}", service=service.id, name=name)
                if len(every) > 1:
                    what = tr(
                        "{service}: {name} of credential {number}",
                        service=service.id,
                        name=name,
                        number=index + 1,
                    )
                yield _unusable(f"{service.pointer}/{where}/{escape(name)}", what, kind)


def _client_keys(gateway: Gateway, access: Access) -> Iterator[Task]:
    for key in access.keys:
        value = gateway.api_key if key.index is None else gateway.api_keys[key.index].api_key
        pointer = "/api_key" if key.index is None else f"{gateway.api_keys[key.index].pointer}/api_key"
        kind = client_kind_of(value)
        if kind:
            yield _unusable(pointer, tr("the key of clients"), kind)


def _unusable(pointer: str, what: str, kind: Kind) -> Task:
    told = tr("{what} {says}.", what=what, says=kind.says)
    if kind.left_out:
        told = tr("{what} {says}; exported, its variable is left empty.", what=what, says=kind.says)
    return Task("warning", "credential-unusable", pointer, sentences(told, kind.help))


def _whole(gateway: Gateway, access: Access) -> Iterator[Task]:
    if ALL not in gateway.model_redirect:
        for name in gateway.model_redirect:
            if "*" in name:
                message = tr(
                    "model_redirect: {name!r} would be a pattern in LiteLLM and is left out; "
                    "name each model.",
                    name=name,
                )
                yield Task("warning", "wildcard-name", f"/model_redirect/{escape(name)}", message)
    yield from _client_keys(gateway, access)
    if gateway.enable_web:
        yield Task(
            "info",
            "no-web-console",
            "/enable_web",
            tr("The gateway's web console has no counterpart here; edit the exported file instead."),
        )
    if access.open:
        yield Task(
            "warning",
            "open-proxy",
            "",
            tr(
                "The gateway asks clients for no key, and so does the proxy: keep it on loopback or "
                "add api_key."
            ),
        )
    if gateway.proxy.strategy != "disabled" and not any(
        service.enabled and uses_proxy(service, gateway.proxy.strategy) for service in gateway.services
    ):
        message = tr("The proxy settings cover no enabled service.")
        yield Task("info", "proxy-unused", gateway.proxy.pointer, message)
