"""Which upstream a service means: the table of vendors, and code for the few odd ones.

Vendors that speak OpenAI's protocol take LiteLLM's `openai/` route with a base
address: it passes on every field a client sends, as the gateway did, while
LiteLLM's native providers refuse many. The facts are those of LiteLLM 1.106 and
of the vendors' own notices up to November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from one_adapter.config import defaults
from one_adapter.config.model import Service
from one_adapter.dialect import CURRENT, Dialect
from one_adapter.plan.addresses import (
    MESSAGES,
    Address,
    base_address,
    deployment_of,
    messages_address,
    split_url,
)
from one_adapter.plan.types import SecretRef, Upstream
from one_adapter.vendors.hosts import OPENAI_HOSTS, Host, host_at
from one_adapter.vendors.service_types import EMBEDDING_TYPES, OPENAI_SHAPED, SERVICE_TYPES
from one_adapter.vendors.spark import SPARK, SPARK_HTTP

CHAT, RESPONSES = "/chat/completions", "/responses"
#: How a model is called in LiteLLM that is asked by the responses API.
BY_RESPONSES = "responses/"
#: Models that can only be OpenAI's, beyond the prefixes the gateway knows.
OPENAI_MODELS = ("o1", "o3", "o4-", "chatgpt-", "text-embedding-", "codex-", "davinci-")

#: The only GLM models whose parameters the gateway clamps.
CLAMPED_GLM = defaults.DEFAULT_MODELS["zhipu"]

AZURE_API_VERSION = "2024-10-21"


@dataclass(frozen=True, slots=True)
class Options:
    """Choices the user has where two ways are open, and whose rules decide the rest."""

    redirects: str = "smart"
    spark: str = "websocket"
    gateway: Dialect = CURRENT


def known_host(url: str) -> Host | None:
    """The row of the vendor that speaks OpenAI's protocol at an address's host."""
    host = Address(url).host
    return next((row for row in OPENAI_HOSTS if row.host == host), None)


def host_of(url: str) -> Host | None:
    """The row of an address, whatever is spoken there."""
    parts = split_url(url)
    return host_at(parts.host, parts.path)


def default_url(service_type: str, model: str) -> str:
    """Where an OpenAI-shaped service without address sends a model; empty: nowhere.

    The model's prefix decides first, whatever the type, as in the gateway.

    >>> default_url("groq", "GPT-oss"), default_url("groq", "llama3"), default_url("openai", "x")
    ('https://api.openai.com/v1', 'https://api.groq.com/openai/v1', '')
    """
    lowered = model.lower()
    for prefix, url in defaults.DEFAULT_URLS:
        if lowered.startswith(prefix):
            return url
    if service_type == "openai" and lowered.startswith(OPENAI_MODELS):
        return OPENAI_HOSTS[0].base
    return SERVICE_TYPES[service_type].url


def upstream_of(service: Service, credential: int, model: str, options: Options) -> Upstream | None:
    """Where `service` sends `model` with its credential number `credential`.

    None when there is no address to send it to, which the gateway answers with 500. A protocol that the
    service chooses counts for more than its type.
    """
    build = _PROTOCOLS.get(service.upstream_protocol) or _BUILDERS[service.type]
    return build(_Context(service, credential, model, options))


def embedding_upstream_of(service: Service, credential: int, model: str, options: Options) -> Upstream | None:
    """The same for embeddings, whatever protocol chats have; None for the types that have none."""
    if service.type not in EMBEDDING_TYPES:
        return None
    context = _Context(service, credential, model, options)
    if service.type == "openai" and not service.server_url:
        return context.openai(Address(defaults.EMBEDDING_URL))
    return _BUILDERS[service.type](context)


@dataclass(frozen=True, slots=True)
class _Context:
    service: Service
    credential: int
    model: str
    options: Options

    @property
    def values(self) -> Mapping[str, Any]:
        return self.service.each_credential[self.credential]

    @property
    def default_url(self) -> str:
        return SERVICE_TYPES[self.service.type].url

    @property
    def provider(self) -> str:
        return SERVICE_TYPES[self.service.type].provider

    def has(self, field: str) -> bool:
        value = self.values.get(field)
        return isinstance(value, str) and bool(value.strip())

    def text(self, field: str) -> str:
        value = self.values.get(field)
        return value.strip() if isinstance(value, str) else ""

    def secret(self, field: str, successor: bool = False) -> SecretRef:
        return SecretRef(self.service.id, self.credential, field, successor)

    def key(self, field: str = "api_key") -> tuple[tuple[str, SecretRef], ...]:
        """The api_key parameter; none when the source has no text there, and the upstream gets no key."""
        return (("api_key", self.secret(field)),) if self.has(field) else ()

    def openai(self, address: Address, **more: Any) -> Upstream:
        """An upstream that speaks OpenAI's protocol."""
        guards = more.pop("guards", ())
        keys = more.pop("keys", None)
        return Upstream(
            "openai",
            address.url,
            more.pop("model", self.model),
            query=address.query,
            keys=self.key() if keys is None else keys,
            guards=guards,
            **more,
        )


def _openai_shaped(at: _Context) -> Upstream | None:
    server_url = at.service.server_url or default_url(at.service.chat_type, at.model)
    if not server_url:
        return None
    address = base_address(server_url, CHAT, "/embeddings")
    row = known_host(address.url) if at.service.server_url else None
    guard = "groq" if at.service.chat_type == "groq" else row.guard if row else ""
    if guard == "glm" and at.model not in CLAMPED_GLM:
        guard = ""
    return at.openai(address, guards=(guard,) if guard else ())


def _responses(at: _Context) -> Upstream:
    address = base_address(at.service.server_url or OPENAI_HOSTS[0].base, RESPONSES, CHAT)
    return at.openai(address, label=f"{BY_RESPONSES}{at.model}")


def _anthropic_messages(at: _Context) -> Upstream:
    address = messages_address(at.service.server_url or f"{SERVICE_TYPES['claude'].url}{MESSAGES}")
    return Upstream("anthropic", address.url, at.model, query=address.query, keys=at.key())


def _azure(at: _Context) -> Upstream | None:
    if not at.service.server_url:
        return None
    address = base_address(at.service.server_url)
    resource = base_address(at.service.server_url.partition("/openai")[0]).url
    version = dict(address.query).get("api-version") or AZURE_API_VERSION
    deployment = deployment_of(at.service.server_url) or at.model
    parameters = (("api_version", version),)
    return Upstream(at.provider, resource, deployment, parameters=parameters, keys=at.key())


def _claude(at: _Context) -> Upstream:
    address = base_address(at.service.server_url or at.default_url, "/v1/messages", "/messages", "/v1")
    return Upstream(at.provider, address.url, at.model, query=address.query, keys=at.key())


def _gemini(at: _Context) -> Upstream:
    given = at.service.server_url or at.default_url
    address = base_address(given, "/models")
    return Upstream(at.provider, address.url, at.model, query=address.query, keys=at.key())


def _vertexai(at: _Context) -> Upstream | None:
    project, location = at.text("project_id"), at.text("location")
    if not project or not location:
        return None
    parameters = [("vertex_project", project), ("vertex_location", location)]
    # LiteLLM takes a file's name or its content here; the content has the private key in it.
    keys: tuple[tuple[str, SecretRef], ...] = ()
    if at.text("json_file").startswith("{"):
        keys = (("vertex_credentials", at.secret("json_file")),)
    elif at.has("json_file"):
        parameters.append(("vertex_credentials", at.text("json_file")))
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    return Upstream(at.provider, f"https://{host}", at.model, parameters=tuple(parameters), keys=keys)


def _ollama(at: _Context) -> Upstream:
    address = base_address(at.service.server_url or at.default_url, "/api/chat")
    return Upstream(at.provider, address.url, at.model, query=address.query)


def _dashscope(at: _Context) -> Upstream:
    return at.openai(Address(at.default_url))


def _bailian(at: _Context) -> Upstream:
    url = f"{at.default_url}/{at.model}/compatible-mode/v1"
    return at.openai(Address(url), label=f"{BY_RESPONSES}{at.model}")


def _dify(at: _Context) -> Upstream:
    address = base_address(at.service.server_url or at.default_url, "/chat-messages")
    secrets = (at.secret("api_key"),)
    return Upstream(at.provider, address.url, "", label=at.model, query=address.query, by_reference=secrets)


def _huoshan(at: _Context) -> Upstream:
    address = base_address(at.service.server_url or at.default_url, CHAT)
    bot = at.model.startswith("bot-") and not address.url.endswith("/bots")
    address = Address(address.url + "/bots" if bot else address.url, address.query)
    if at.has("api_key") or not at.has("access_key"):
        return at.openai(address)
    secrets = (at.secret("access_key"), at.secret("secret_key"))
    return Upstream("huoshan", address.url, at.model, query=address.query, by_reference=secrets)


def _minimax(at: _Context) -> Upstream:
    """The vendor's pages name no pro endpoint any more; the OpenAI-shaped one takes the same key."""
    given = at.service.server_url or at.default_url
    address = base_address(given, "/text/chatcompletion_pro", "/text/chatcompletion_v2", CHAT)
    url = address.url.replace("://api.minimax.chat", "://api.minimaxi.com")
    return at.openai(Address(url, tuple(pair for pair in address.query if pair[0] != "GroupId")))


def _xinghuo(at: _Context) -> Upstream | None:
    url, domain = SPARK.get(at.model.lower(), ("", ""))
    domain = at.text("domain") or domain
    if at.options.spark == "http" and domain:
        pair = (("api_key", at.secret("api_key:api_secret")),)
        return at.openai(Address(SPARK_HTTP), model=domain, keys=pair)
    address = base_address(at.service.server_url or url)
    if not address.url or not domain:
        return None
    secrets = (at.secret("appid"), at.secret("api_key"), at.secret("api_secret"))
    parameters = (("domain", domain),)
    return Upstream(
        at.provider,
        address.url,
        domain,
        label=at.model,
        query=address.query,
        parameters=parameters,
        by_reference=secrets,
    )


def _hunyuan(at: _Context) -> Upstream:
    return at.openai(
        Address(at.default_url), keys=(("api_key", at.secret("tokenhub_api_key", successor=True)),)
    )


def _qianfan(at: _Context) -> Upstream:
    """Baidu's V2 has the models under their lower-case names."""
    pair = (("api_key", at.secret("v2_api_key", successor=True)),)
    return at.openai(Address(at.default_url), model=at.model.lower(), keys=pair)


_BUILDERS = {
    **dict.fromkeys(OPENAI_SHAPED, _openai_shaped),
    "azure": _azure,
    "claude": _claude,
    "gemini": _gemini,
    "vertexai": _vertexai,
    "ollama": _ollama,
    "dashscope": _dashscope,
    "bailian": _bailian,
    "dify": _dify,
    "huoshan": _huoshan,
    "minimax": _minimax,
    "xinghuo": _xinghuo,
    "hunyuan": _hunyuan,
    "qianfan": _qianfan,
}
_PROTOCOLS = {
    "chat_completions": _openai_shaped,
    "responses": _responses,
    "anthropic_messages": _anthropic_messages,
}
