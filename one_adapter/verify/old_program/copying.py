"""A copy of a configuration for the old program: every vendor is the echo, and every key a word of our own.

Only fields the gateway reads are copied. A service is switched off in the copy where the program would call
an address that it has built in: nothing may leave the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from one_adapter.config import defaults
from one_adapter.config.document import Document
from one_adapter.config.model import Gateway, Service
from one_adapter.language import tr
from one_adapter.plan.addresses import KEY_IN_PATH, is_secret_parameter
from one_adapter.runtime.dryrun.echo import through_echo
from one_adapter.vendors.service_types import OPENAI_SHAPED, PLAIN, SERVICE_TYPES
from one_adapter.vendors.spark import SPARK

#: What is copied of a configuration, and of a service in it; in credentials, what is no secret.
TOP = (
    "debug",
    "log_level",
    "load_balancing",
    "circuit_breaker",
    "multi_content_models",
    "model_redirect",
    "translation",
)
SERVICE = (
    "id",
    "provider",
    "models",
    "embedding_models",
    "embedding_limit",
    "reasoning_models",
    "enabled",
    "model_map",
    "model_redirect",
    "limit",
    "model_limits",
    "timeout",
    "upstream_protocol",
)
CREDENTIAL = (*PLAIN, "id", "name", "enabled", "limit", "model_limits")
#: Where the gateway sends a type that names no address, exactly as it has it built in.
BUILT_IN = {
    "claude": "https://api.anthropic.com/v1/messages",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/models",
    "huoshan": "https://ark.cn-beijing.volces.com/api/v3",
    "minimax": "https://api.minimax.chat/v1/text/chatcompletion_pro",
    "ollama": "http://127.0.0.1:11434/api/chat",
}
PROTOCOLS = {
    "chat_completions": "https://api.openai.com/v1",
    "responses": "https://api.openai.com/v1/responses",
    "anthropic_messages": "https://api.anthropic.com/v1/messages",
}
HOSTS_ALONE = ("azure",)


@dataclass(frozen=True, slots=True)
class Copy:
    """The copy, why services are off in it, and which of its words stands for which key."""

    config: Mapping[str, Any]
    left_out: Mapping[str, str]
    keys: Mapping[str, str] = field(repr=False)

    def original(self, word: str) -> str:
        """The key that a word stands for, and any other text as it is."""
        return next((key for key, each in self.keys.items() if each == word), word)


def copied(document: Document, gateway: Gateway, port: int, echo: str) -> Copy:
    """Copy a configuration for a program that is to listen on a port of loopback, with the echo at `echo`."""
    return _Copier(document, gateway, echo).copy(port)


class _Copier:
    def __init__(self, document: Document, gateway: Gateway, echo: str) -> None:
        self.root = document.root.value if document.root else {}
        self.gateway, self.echo = gateway, echo
        self.words: dict[str, str] = {}
        self.numbers = count(1)
        self.left_out: dict[str, str] = {}

    def copy(self, port: int) -> Copy:
        made = _some(self.root, TOP)
        made["server_port"] = f"127.0.0.1:{port}"
        if self.gateway.api_key:
            made["api_key"] = self._word(self.gateway.api_key)
        if self.gateway.api_keys:
            made["api_keys"] = [
                {"api_key": self._word(each.api_key), "supported_models": _lists(each.supported_models)}
                for each in self.gateway.api_keys
            ]
        services: dict[str, list[Any]] = {}
        for service in self.gateway.services:
            services.setdefault(service.type, []).append(self._service(service))
        return Copy({**made, "services": services}, self.left_out, self.words)

    def _service(self, service: Service) -> dict[str, Any]:
        at = [part for part in service.pointer.split("/") if part]
        made = _some(_walk(self.root, at), SERVICE)
        made |= {"id": service.id, "enabled": service.enabled}
        made |= {name: [*getattr(service, name)] for name in ("models", "embedding_models") if name in made}
        if service.credentials:
            made["credentials"] = self._credential(service.credentials)
        if service.credential_list:
            made["credential_list"] = [self._credential(each) for each in service.credential_list]
        url, reason = address_of(service)
        if service.enabled and reason:
            self.left_out[service.id] = reason
            made["enabled"] = False
        elif url:
            made["server_url"] = through_echo(self.echo, self._without_secrets(url))
        return made

    def _credential(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: self._word(value) if isinstance(value, str) and name not in CREDENTIAL else value
            for name, value in values.items()
            if name in CREDENTIAL or isinstance(value, str)
        }

    def _word(self, key: str) -> str:
        """The word for a key: the same for the same key, and none for none."""
        if not key.strip():
            return key
        if key not in self.words:
            self.words[key] = f"stand-in-{next(self.numbers):04d}"
        return self.words[key]

    def _without_secrets(self, url: str) -> str:
        address, mark, query = url.partition("?")
        pairs = (pair.partition("=") for pair in query.split("&"))
        said = "&".join(
            f"{name}{is_}{self._word(value) if is_secret_parameter(name) else value}"
            for name, is_, value in pairs
        )
        return KEY_IN_PATH.sub("hidden", address) + mark + said


def address_of(service: Service) -> tuple[str, str]:
    """Where the gateway sends a service, and why that cannot be the echo; one of the two is empty."""
    if service.upstream_protocol != "auto":
        return service.server_url or PROTOCOLS[service.upstream_protocol], ""
    if SERVICE_TYPES[service.type].address != "both" or service.type in HOSTS_ALONE:
        told = tr("the program has the address of type {type} built in, or part of it", type=service.type)
        return "", told
    if service.type == "huoshan" and not all(each.get("api_key") for each in service.each_credential):
        return "", tr("the program would ask the vendor for a key first")
    if service.server_url:
        return service.server_url, ""
    found = {*_addresses(service)}
    if len(found) != 1 or "" in found:
        return "", tr("its address depends on the model, or there is none")
    return found.pop(), ""


def _addresses(service: Service) -> Iterator[str]:
    """The addresses that the gateway has for the models of a service without one."""
    if service.type == "xinghuo":
        yield from (SPARK.get(model.lower(), ("", ""))[0] for model in service.models)
        return
    if service.type not in OPENAI_SHAPED:
        yield BUILT_IN.get(service.type, "")
        return
    for model in service.models:
        lowered = model.lower()
        fixed = SERVICE_TYPES[service.type].url if service.type != "groq" else ""
        yield next((url for prefix, url in defaults.DEFAULT_URLS if lowered.startswith(prefix)), fixed)


def _walk(value: Any, way: list[str]) -> Any:
    for part in way:
        if isinstance(value, list):
            value = value[int(part)]
        elif isinstance(value, Mapping):
            named = [inner for name, inner in value.items() if name.lower() == part.lower()]
            value = named[-1] if named else {}
    return value


def _some(given: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """What a mapping has under some names, in whatever case they stand there."""
    if not isinstance(given, Mapping):
        return {}
    return {name.lower(): value for name, value in given.items() if str(name).lower() in names}


def _lists(models: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [*several] for name, several in models.items()}
