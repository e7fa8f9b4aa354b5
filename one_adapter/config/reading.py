"""From a document to what it says: the fields read, typed, trimmed and filled in as the gateway does it."""

from __future__ import annotations

from dataclasses import replace

from one_adapter.config import defaults, fields
from one_adapter.config.document import Document
from one_adapter.config.fields import Struct, flag_of, integer_of, members_by_field, number_of, text_of
from one_adapter.config.model import (
    Breaker,
    ClientKey,
    Credential,
    Gateway,
    Limit,
    Proxy,
    Service,
    Translation,
)
from one_adapter.config.node import Member, Node, escape
from one_adapter.dialect import CURRENT, Dialect

#: What Go's strings.TrimSpace takes away.
_BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def read_gateway(document: Document, dialect: Dialect = CURRENT) -> Gateway:
    """The configuration a document holds, as `dialect` reads it.

    Total: what has the wrong type counts as absent.

    >>> from one_adapter.config.document import parse
    >>> text = b'{"services": {"openai": [{"models": [" gpt-4o ", ""], "enabled": true}]}}'
    >>> read_gateway(parse(text, "config.json")).services[0].models
    ('gpt-4o',)
    """
    return _Reader(document.format, dialect).gateway(document.root)


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
    def __init__(self, format: str, dialect: Dialect) -> None:
        self.format = format
        self.dialect = dialect
        self.gateway_fields, self.service_fields, self.limit_fields = fields.structs_of(dialect)

    def view(self, struct: Struct, node: Node | None, pointer: str) -> _View:
        return _View(struct, node, pointer, self.format)

    def gateway(self, root: Node | None) -> Gateway:
        top = self.view(self.gateway_fields, root, "")
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
            dialect=self.dialect,
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
        view = self.view(self.service_fields, node, pointer)
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
            pool=self.pool(view),
            server_url=view.text("server_url"),
            model_map=view.renames("model_map"),
            model_redirect=view.renames("model_redirect"),
            limit=self.limit(view.node("limit"), view.at("limit")),
            embedding_limit=self.limit(view.node("embedding_limit"), view.at("embedding_limit")),
            use_proxy=flag_of(view.node("use_proxy")),
            timeout=timeout or defaults.TIMEOUT_SECONDS,
            default_models=fill,
            upstream_protocol=view.text("upstream_protocol").lower() or "auto",
            model_limits=self.limits(view.node("model_limits"), view.at("model_limits")),
            named=bool(view.text("id")),
        )

    def pool(self, service: _View) -> tuple[Credential, ...]:
        listed, base = service.node("credential_list"), service.at("credential_list")
        if listed is not None and listed.items:
            return tuple(
                self.credential(item, f"{base}/{index}", index + 1) for index, item in enumerate(listed.items)
            )
        single = self.credential(service.node("credentials"), service.at("credentials"), 1)
        return (replace(single, enabled=True),)  # nothing switches the single one off

    def credential(self, node: Node | None, pointer: str, number: int) -> Credential:
        """One credential; the names in it are taken as they are written, unlike those in its limits."""
        usable = node is not None and node.kind == "object"
        inside = {member.key: member.node for member in node.members} if usable and node else {}
        enabled = inside.get("enabled")
        off = enabled is not None and enabled.kind == "bool" and enabled.value is False
        return Credential(
            pointer=pointer,
            id=_own_text(inside.get("id")) or f"key-{number}",
            name=_own_text(inside.get("name")) or f"Key {number}",
            enabled=not (self.dialect.pools and off),
            values=node.value if usable and node else {},
            limit=self.kept_limit(inside.get("limit"), f"{pointer}/limit"),
            model_limits=self.kept_limits(inside.get("model_limits"), f"{pointer}/model_limits"),
        )

    def kept_limit(self, node: Node | None, pointer: str) -> Limit:
        """A credential's limit; none where anything in it has the wrong shape."""
        readable = not self.dialect.pools or self.is_readable(node, self.limit_fields)
        return self.limit(node if readable else None, pointer, fields.KEPT)

    def kept_limits(self, node: Node | None, pointer: str) -> dict[str, Limit]:
        """A credential's limits by model, whose names nobody trims; as shapeless as `kept_limit`."""
        if node is None or not self.dialect.pools:
            return {}
        if not self.is_readable(node, fields.MapOf(self.limit_fields)):
            return {}
        found = {member.key: member for member in node.members}
        return {
            key: self.limit(member.node, f"{pointer}/{escape(key)}", fields.KEPT)
            for key, member in found.items()
        }

    def is_readable(self, node: Node | None, wanted: fields.Type) -> bool:
        """Whether what the gateway has kept untyped is what it looks for."""
        return node is None or next(fields.mismatches(node, wanted, fields.KEPT), None) is None

    def limits(self, node: Node | None, pointer: str) -> dict[str, Limit]:
        """Limits by the model's name, trimmed; those without a name count for nothing."""
        found = {}
        for member in node.members if node is not None else ():
            name = trim(member.key)
            if name:
                found[name] = self.limit(member.node, f"{pointer}/{escape(member.key)}")
        return found

    def limit(self, node: Node | None, pointer: str, format: str = "") -> Limit:
        view = _View(self.limit_fields, node, pointer, format or self.format)
        return Limit(
            pointer=view.pointer,
            qps=number_of(view.node("qps")),
            qpm=number_of(view.node("qpm")),
            rpm=number_of(view.node("rpm")),
            concurrency=number_of(view.node("concurrency")),
            timeout=view.whole("timeout"),
            tpm=number_of(view.node("tpm")),
        )


def _own_text(node: Node | None) -> str:
    """A credential's id or name, trimmed; empty for what is no text."""
    return trim(node.value) if node is not None and node.kind == "string" else ""
