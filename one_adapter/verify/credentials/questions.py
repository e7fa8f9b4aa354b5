"""The smallest request by which a vendor says what it thinks of a key, for protocols without an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from one_adapter.contract import RESPONSES
from one_adapter.export.secrets.variables import Secrets
from one_adapter.plan.addresses import MESSAGES
from one_adapter.plan.types import Target, Upstream

Body = dict[str, Any]
WORDS = "hi"
#: The fewest tokens of an answer that OpenAI's responses can be asked for.
FEWEST_OF_RESPONSES = 16
#: Models of OpenAI's that take the length of an answer under its newer name alone.
NEWER = ("o1", "o3", "o4", "gpt-5")
#: Providers whose keys cannot be tried without their adapters, which are LiteLLM's plugins.
BY_ADAPTER = ("huoshan", "vertex_ai", "xinghuo")
#: Providers without keys.
KEYLESS = ("ollama_chat",)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: without a body it is a GET. The key is in `headers` alone."""

    url: str
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def request_of(target: Target, key: str, is_embedding: bool, secrets: Secrets) -> Request | None:
    """The request for a target; None where only an adapter can make one."""
    upstream = target.upstream
    if upstream.provider in BY_ADAPTER:
        return None
    url, body, headers = _parts(upstream, key, is_embedding)
    query = [(name, _value(target, name, value, secrets)) for name, value in upstream.query]
    query += [("api-version", value) for name, value in upstream.parameters if name == "api_version"]
    return Request(f"{url}?{urlencode(query)}" if query else url, body, headers)


def _value(target: Target, name: str, value: str, secrets: Secrets) -> str:
    hidden = secrets.queries.get((target.service, name, value))
    return secrets.values[hidden] if hidden else value


def _parts(upstream: Upstream, key: str, is_embedding: bool) -> tuple[str, Body | None, dict[str, str]]:
    base, model = upstream.url, upstream.model
    said = [{"role": "user", "content": WORDS}]
    bearer = {"authorization": f"Bearer {key}"}
    if upstream.provider == "anthropic":
        exact, _, ending = base.partition("#")
        url = exact if ending else f"{base}{MESSAGES}"
        headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
        return url, {"model": model, "messages": said, "max_tokens": 1}, headers
    if upstream.provider == "gemini":
        wanted: Body = {"contents": [{"role": "user", "parts": [{"text": WORDS}]}]}
        wanted["generationConfig"] = {"maxOutputTokens": 1}
        return f"{base}/models/{quote(model)}:generateContent", wanted, {"x-goog-api-key": key}
    if upstream.provider == "azure":
        url = f"{base}/openai/deployments/{quote(model)}/chat/completions"
        return url, {"messages": said, _length(model): 1}, {"api-key": key}
    if upstream.provider == "dify":  # what an app takes: it costs nothing, and only its key opens it
        return f"{base}/parameters", None, bearer
    if is_embedding:
        return f"{base}/embeddings", {"model": model, "input": WORDS}, bearer
    if upstream.label.startswith(RESPONSES):
        body = {"model": model, "input": WORDS, "max_output_tokens": FEWEST_OF_RESPONSES}
        return f"{base}/responses", body, bearer
    return f"{base}/chat/completions", {"model": model, "messages": said, _length(model): 1}, bearer


def _length(model: str) -> str:
    return "max_completion_tokens" if model.startswith(NEWER) else "max_tokens"
