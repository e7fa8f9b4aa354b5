"""The call as it leaves for the upstream: LiteLLM's arguments, changed where parity needs it.

An OpenAI-shaped upstream gets every field of the client's body as it was sent, zeros, nulls and
unknown fields too: they go into `extra_body`, past LiteLLM's opinions of what a model supports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from one_adapter.contract import NO_KEY
from one_adapter.runtime.entry.body import CHAT_OPTIONS, EMBEDDING_OPTIONS, STRUCTURE, hidden
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.host.native import APART, plain_turns
from one_adapter.runtime.upstream.guards import GUARDS, flatten

#: Models that LiteLLM asks by the responses API whatever the client's route; their names say so.
RESPONSES = "responses/"
#: Providers that only exist through `custom_provider_map`; they read unknown arguments themselves.
CUSTOM = frozenset({"dify", "xinghuo", "huoshan"})
#: Providers whose messages are OpenAI's.
OPENAI_SHAPED = frozenset({"openai", "azure", "volcengine"})
#: What LiteLLM writes into messages that it makes of another protocol's, and OpenAI does not know.
FOREIGN = frozenset({"thinking_blocks", "reasoning_content", "provider_specific_fields", "cache_control"})
#: Arguments that are the deployment's alone, beside all that LiteLLM itself knows.
RESERVED = frozenset(
    (
        *("api_base", "api_key", "base_url", "client", "credential", "credential_env", "custom_llm_provider"),
        *("domain", "extra_body", "extra_headers", "extra_query", "headers", "litellm_params", "messages"),
        *("metadata", "model", "model_info", "model_list", "organization", "proxy", "stream"),
        *("stream_options", "timeout"),
        # what only the owner of the YAML sets for an adapter of ours
        *("connect_timeout", "default_user", "history", "idle_timeout", "openapi_base", "patch_id"),
        *("project_name", "proxy_env", "region", "response_mode", "uid"),
    )
)


def shape(request: Request, policy: Policy, kwargs: dict[str, Any], reserved: frozenset[str]) -> None:
    """Change the arguments of one upstream call in place.

    `reserved` names the arguments LiteLLM knows as its own; a client's field of such a name never
    becomes an argument.
    """
    name = policy.upstream_model
    if name.startswith(RESPONSES):
        return
    if request.kind == "embeddings":
        name = policy.embedding_model or name
    prefix = f"{policy.provider}/" if str(kwargs.get("model", "")).startswith(f"{policy.provider}/") else ""
    kwargs["model"] = f"{prefix}{name}"
    messages = kwargs.get("messages")
    if policy.provider in OPENAI_SHAPED and request.kind != "chat" and isinstance(messages, list):
        kwargs["messages"] = messages = known_fields(messages)
    if policy.provider in APART and isinstance(messages, list):
        kwargs["messages"] = messages = plain_turns(messages)
    if policy.flatten_parts and isinstance(messages, list):
        kwargs["messages"] = messages = flatten(messages)
    if policy.provider == "openai":
        if not kwargs.get("api_key"):  # or LiteLLM would send OPENAI_API_KEY of the environment
            kwargs["api_key"] = NO_KEY
        _pass_through(request, policy, kwargs, name)
        return
    for guard in policy.guards:
        GUARDS[guard](kwargs, name)
    if policy.provider in CUSTOM and request.kind == "chat":
        own = RESERVED | reserved
        kwargs.update((k, v) for k, v in hidden(request.body.fields, "chat").items() if k not in own)


def known_fields(messages: list[Any]) -> list[Any]:
    r"""Return messages made of another protocol's with nothing in them that OpenAI does not know.

    A system text of several blocks becomes one, with blank lines between.

    >>> blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    >>> known_fields([{"role": "system", "content": blocks, "thinking_blocks": []}])
    [{'role': 'system', 'content': 'a\n\nb'}]
    """
    return [_known(message) if isinstance(message, dict) else message for message in messages]


def _known(message: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in message.items() if name not in FOREIGN}
    content = kept.get("content")
    if isinstance(content, list):
        parts = [
            {k: v for k, v in part.items() if k not in FOREIGN} if isinstance(part, dict) else part
            for part in content
        ]
        texts = [
            part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
        ]
        is_text = kept.get("role") == "system" and len(texts) == len(parts)
        kept["content"] = "\n\n".join(texts) if is_text else parts
    return kept


def _pass_through(request: Request, policy: Policy, kwargs: dict[str, Any], name: str) -> None:
    if request.kind in ("chat", "embeddings"):
        fields = {k: v for k, v in request.body.fields.items() if k not in STRUCTURE}
        if request.kind == "embeddings":
            fields = {k: v for k, v in fields.items() if v is not None}
        if request.kind == "chat" and not isinstance(request.body.fields.get("messages"), list):
            fields["messages"] = request.body.fields.get("messages")
        if request.body.fields.get("stream", True) is not True:
            fields["stream"] = request.body.fields["stream"]
        _forget(kwargs, request.body.fields)
    else:
        fields = {k: kwargs[k] for k in CHAT_OPTIONS if kwargs.get(k) is not None}
        effort = fields.get("reasoning_effort")
        if isinstance(effort, dict):  # LiteLLM's bridge from other protocols
            fields["reasoning_effort"] = effort.get("effort")
        if request.kind == "responses" and "max_tokens" in fields:
            fields["max_completion_tokens"] = fields.pop("max_tokens")  # as the gateway calls it
        _forget(kwargs, CHAT_OPTIONS)
    for guard in policy.guards:
        GUARDS[guard](fields, name)
    if fields:
        kwargs["extra_body"] = {**(kwargs.get("extra_body") or {}), **fields}


def _forget(kwargs: dict[str, Any], names: Mapping[str, Any]) -> None:
    for name in names:
        if name in CHAT_OPTIONS or name in EMBEDDING_OPTIONS:
            kwargs.pop(name, None)
