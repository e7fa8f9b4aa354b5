"""What a configuration says, normalised exactly as the gateway normalises it.

Strings are trimmed, lists trimmed and freed of blanks and repeats, words that
are choices lower-cased, missing ids and defaults filled in. Redirect keys and
values, credentials and everything a user invented stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from one_adapter.config import defaults, fields
from one_adapter.config.document import Document
from one_adapter.config.fields import Struct, flag_of, integer_of, members_by_field, number_of, text_of
from one_adapter.config.node import Member, Node, escape

#: What Go's strings.TrimSpace takes away.
_BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


@dataclass(frozen=True, slots=True)
class Limit:
    """A waiting limit; numbers per second, per minute, at once; `timeout` in seconds. 0: not given."""

    pointer: str
    qps: float = 0
    qpm: float = 0
    rpm: float = 0
    concurrency: float = 0
    timeout: int = 0


@dataclass(frozen=True, slots=True)
class Proxy:
    """The HTTP proxy settings; `timeout` in seconds."""

    pointer: str
    strategy: str = "disabled"
    type: str = ""
    http_proxy: str = ""
    https_proxy: str = ""
    socks5_proxy: str = ""
    timeout: int = defaults.PROXY_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Breaker:
    """The circuit breaker: consecutive failures, seconds until a probe, probes at once."""

    pointer: str
    enabled: bool = True
    failure_threshold: int = defaults.BREAKER_FAILURES
    recovery_timeout_seconds: int = defaults.BREAKER_RECOVERY_SECONDS
    half_open_max_requests: int = defaults.BREAKER_PROBES


@dataclass(frozen=True, slots=True)
class Translation:
    """The translation endpoint; `prompt_template` empty means the built-in one."""

    pointer: str
    enable: bool = False
    prompt_template: str = ""
    retry: int = 0
    concurrency: int = 0


@dataclass(frozen=True, slots=True)
class ClientKey:
    """One entry of api_keys. `supported_models` maps a service type (ignored) to client models."""

    pointer: str
    api_key: str
    supported_models: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of a service list; `pointer` leads to it, `index` counts within its type from 0.

    `models` already holds the type's default models where the gateway fills them in.
    """

    pointer: str
    type: str
    index: int
    id: str
    provider: str
    enabled: bool
    models: tuple[str, ...]
    embedding_models: tuple[str, ...]
    reasoning_models: Mapping[str, str]
    credentials: Mapping[str, Any]
    credential_list: tuple[Mapping[str, Any], ...]
    server_url: str
    model_map: Mapping[str, str]
    model_redirect: Mapping[str, str]
    limit: Limit
    embedding_limit: Limit
    use_proxy: bool | None
    timeout: int
    default_models: bool

    @property
    def each_credential(self) -> tuple[Mapping[str, Any], ...]:
        """The credentials a request may draw: the list, or the single one when there is no list."""
        return self.credential_list or (self.credentials,)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A whole configuration."""

    server_port: str
    debug: bool
    log_level: str
    proxy: Proxy
    api_key: str
    api_keys: tuple[ClientKey, ...]
    load_balancing: str
    circuit_breaker: Breaker
    multi_content_models: tuple[str, ...]
    model_redirect: Mapping[str, str]
    translation: Translation
    enable_web: bool
    services: tuple[Service, ...]


def read_gateway(document: Document) -> Gateway:
    """The configuration a document holds. Total: what has the wrong type counts as absent.

    >>> from one_adapter.config.document import parse
    >>> text = b'{"services": {"openai": [{"models": [" gpt-4o ", ""], "enabled": true}]}}'
    >>> read_gateway(parse(text, "config.json")).services[0].models
    ('gpt-4o',)
    """
    return _Reader(document.format).gateway(document.root)


class _View:
    """An object of the source, seen through the table of its known fields."""

    __slots__ = ("members", "pointer")

    def __init__(self, struct: Struct, node: Node | None, pointer: str, format: str) -> None:
        usable = node is not None and node.kind == "object"
        self.members: dict[str, Member] = members_by_field(struct, node, format) if usable and node else {}
        self.pointer = pointer

    def node(self, name: str) -> Node | None:
        member = self.members.get(name)
        return member.node if member else None

    def at(self, name: str) -> str:
        """The pointer of a field, with its key as written."""
        member = self.members.get(name)
        return f"{self.pointer}/{escape(member.key if member else name)}"

    def text(self, name: str) -> str:
        return trim(text_of(self.node(name)))

    def texts(self, name: str) -> tuple[str, ...]:
        return _texts(self.node(name))

    def renames(self, name: str) -> dict[str, str]:
        node = self.node(name)
        if node is None:
            return {}
        return {member.key: text_of(member.node) for member in node.members}

    def flag(self, name: str, default: bool) -> bool:
        found = flag_of(self.node(name))
        return default if found is None else found

    def whole(self, name: str) -> int:
        return integer_of(self.node(name))


def trim(text: str) -> str:
    """`text` without the white space around it that the gateway takes away."""
    return text.strip(_BLANK)


def _texts(node: Node | None) -> tuple[str, ...]:
    """A list of names: trimmed, without blanks and repeats, in order."""
    if node is None:
        return ()
    trimmed = (trim(text_of(item)) for item in node.items)
    return tuple(dict.fromkeys(text for text in trimmed if text))


class _Reader:
    def __init__(self, format: str) -> None:
        self.format = format

    def view(self, struct: Struct, node: Node | None, pointer: str) -> _View:
        return _View(struct, node, pointer, self.format)

    def gateway(self, root: Node | None) -> Gateway:
        top = self.view(fields.GATEWAY, root, "")
        return Gateway(
            server_port=top.text("server_port"),
            debug=top.flag("debug", False),
            log_level=top.text("log_level").lower(),
            proxy=self.proxy(top),
            api_key=text_of(top.node("api_key")),
            api_keys=self.client_keys(top),
            load_balancing=top.text("load_balancing").lower() or "random",
            circuit_breaker=self.breaker(top),
            multi_content_models=top.texts("multi_content_models"),
            model_redirect=top.renames("model_redirect"),
            translation=self.translation(top),
            enable_web=top.flag("enable_web", False),
            services=tuple(self.services(top)),
        )

    def proxy(self, top: _View) -> Proxy:
        view = self.view(fields.PROXY, top.node("proxy"), top.at("proxy"))
        timeout = view.whole("timeout")
        return Proxy(
            pointer=view.pointer,
            strategy=view.text("strategy").lower() or "disabled",
            type=view.text("type").lower(),
            http_proxy=view.text("http_proxy"),
            https_proxy=view.text("https_proxy"),
            socks5_proxy=view.text("socks5_proxy"),
            timeout=timeout if timeout > 0 else defaults.PROXY_TIMEOUT_SECONDS,
        )

    def breaker(self, top: _View) -> Breaker:
        view = self.view(fields.BREAKER, top.node("circuit_breaker"), top.at("circuit_breaker"))
        return Breaker(
            pointer=view.pointer,
            enabled=view.flag("enabled", True),
            failure_threshold=view.whole("failure_threshold") or defaults.BREAKER_FAILURES,
            recovery_timeout_seconds=view.whole("recovery_timeout_seconds")
            or defaults.BREAKER_RECOVERY_SECONDS,
            half_open_max_requests=view.whole("half_open_max_requests") or defaults.BREAKER_PROBES,
        )

    def translation(self, top: _View) -> Translation:
        view = self.view(fields.TRANSLATION, top.node("translation"), top.at("translation"))
        return Translation(
            pointer=view.pointer,
            enable=view.flag("enable", False),
            prompt_template=text_of(view.node("promptTemplate")),
            retry=view.whole("retry"),
            concurrency=view.whole("concurrency"),
        )

    def client_keys(self, top: _View) -> tuple[ClientKey, ...]:
        node = top.node("api_keys")
        keys = []
        for index, item in enumerate(node.items if node else ()):
            view = self.view(fields.CLIENT_KEY, item, f"{top.at('api_keys')}/{index}")
            supported = view.node("supported_models")
            models = {m.key: _texts(m.node) for m in (supported.members if supported else ())}
            keys.append(ClientKey(view.pointer, text_of(view.node("api_key")), models))
        return tuple(keys)

    def services(self, top: _View) -> list[Service]:
        node = top.node("services")
        last = {member.key: member.node for member in (node.members if node else ())}
        found = []
        for kind, entries in last.items():
            number = 0
            for index, item in enumerate(entries.items):
                # yaml.v3 leaves an empty entry out, so that the ids of those behind it move up.
                if item.kind == "null" and self.format == "yaml":
                    continue
                number += 1
                pointer = f"{top.at('services')}/{escape(kind)}/{index}"
                found.append(self.service(kind, index, number, item, pointer))
        return found

    def service(self, kind: str, index: int, number: int, node: Node, pointer: str) -> Service:
        view = self.view(fields.SERVICE, node, pointer)
        models = view.texts("models")
        enabled = view.flag("enabled", False)
        fill = enabled and not models and kind in defaults.DEFAULT_MODELS
        credentials = view.node("credentials")
        listed = view.node("credential_list")
        timeout = view.whole("timeout")
        return Service(
            pointer=pointer,
            type=kind,
            index=index,
            id=view.text("id") or f"{kind}-{number}",
            provider=view.text("provider"),
            enabled=enabled,
            models=defaults.DEFAULT_MODELS[kind] if fill else models,
            embedding_models=view.texts("embedding_models"),
            reasoning_models=view.renames("reasoning_models"),
            credentials=credentials.value if credentials and credentials.kind == "object" else {},
            credential_list=tuple(
                item.value if item.kind == "object" else {} for item in (listed.items if listed else ())
            ),
            server_url=view.text("server_url"),
            model_map=view.renames("model_map"),
            model_redirect=view.renames("model_redirect"),
            limit=self.limit(view, "limit"),
            embedding_limit=self.limit(view, "embedding_limit"),
            use_proxy=flag_of(view.node("use_proxy")),
            timeout=timeout or defaults.TIMEOUT_SECONDS,
            default_models=fill,
        )

    def limit(self, service: _View, name: str) -> Limit:
        view = self.view(fields.LIMIT, service.node(name), service.at(name))
        return Limit(
            pointer=view.pointer,
            qps=number_of(view.node("qps")),
            qpm=number_of(view.node("qpm")),
            rpm=number_of(view.node("rpm")),
            concurrency=number_of(view.node("concurrency")),
            timeout=view.whole("timeout"),
        )
