"""The call as it leaves for the upstream: LiteLLM's arguments, changed where parity needs it.

An OpenAI-shaped upstream gets every field of the client's body as it was sent, zeros, nulls and
unknown fields too: they go into `extra_body`, past LiteLLM's opinions of what a model supports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from one_adapter.contract import NO_KEY, RESPONSES
from one_adapter.runtime.entry.body import CHAT_OPTIONS, EMBEDDING_OPTIONS, STRUCTURE, with_known_effort
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.host.native import APART, plain_turns
from one_adapter.runtime.upstream.quirks import GUARDS, flatten, unmarked

#: Chat's name of a field -> how the responses API calls it; LiteLLM would judge each by the model's name.
RENAMED = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "reasoning_effort": "reasoning",
}
#: The fields of the responses API that go past LiteLLM as they are.
UNJUDGED = tuple(dict.fromkeys(RENAMED.values()))
#: Providers whose messages are OpenAI's.
OPENAI_SHAPED = frozenset({"openai", "azure", "volcengine"})
#: What LiteLLM writes into messages that it makes of another protocol's, and OpenAI does not know.
FOREIGN = frozenset({"thinking_blocks", "reasoning_content", "provider_specific_fields", "cache_control"})
#: Providers for which LiteLLM stores what a message marks with `cache_control`, by a call of its own.
STORES = frozenset(("gemini", "vertex_ai"))


def read_by(provider: str) -> frozenset[str]:
    """The fields of a client's body, beside OpenAI's, that a custom provider says it reads."""
    import litellm

    for entry in litellm.custom_provider_map:
        if entry["provider"] == provider:
            return frozenset(getattr(entry["custom_handler"], "fields", ()))
    return frozenset()


def shape(request: Request, policy: Policy, kwargs: dict[str, Any], fields: frozenset[str]) -> None:
    """Change the arguments of one upstream call in place.

    `fields` names those of the client's fields, beside OpenAI's, that become arguments. None replaces what
    the deployment itself says.
    """
    if policy.by_responses and request.kind != "embeddings":
        _for_responses(policy, kwargs)
        return
    name = policy.upstream_model
    if request.kind == "embeddings":
        name = policy.embedding_model or name
    prefix = f"{policy.provider}/" if str(kwargs.get("model", "")).startswith(f"{policy.provider}/") else ""
    kwargs["model"] = f"{prefix}{name}"
    messages = kwargs.get("messages")
    if policy.provider in OPENAI_SHAPED and request.kind != "chat" and isinstance(messages, list):
        kwargs["messages"] = messages = known_fields(messages)
    if policy.provider not in APART and request.kind != "chat" and isinstance(messages, list):
        kwargs["messages"] = messages = whole_system(messages)
    if policy.provider in APART and isinstance(messages, list):
        kwargs["messages"] = messages = plain_turns(messages)
    if policy.flatten_parts and isinstance(messages, list):
        kwargs["messages"] = messages = flatten(messages)
    if policy.provider == "openai":
        _say_without_key(policy, kwargs)
        _pass_through(request, policy, kwargs, name)
        return
    for guard in policy.guards:
        GUARDS[guard](kwargs, name)
    if policy.provider in STORES and isinstance(messages, list):
        kwargs["messages"] = unmarked(messages)
    if request.kind == "chat":
        for field in fields & request.body.fields.keys():
            if kwargs.get(field) is None:
                kwargs[field] = request.body.fields[field]


def _say_without_key(policy: Policy, kwargs: dict[str, Any]) -> None:
    """Say that the upstream gets no key, or LiteLLM would send OPENAI_API_KEY of the environment."""
    if policy.provider == "openai" and not kwargs.get("api_key"):
        kwargs["api_key"] = NO_KEY


def _for_responses(policy: Policy, kwargs: dict[str, Any]) -> None:
    """Give a chat that LiteLLM makes a request of the responses API the fields as they are called there."""
    _say_without_key(policy, kwargs)
    kwargs["model"] = f"{policy.provider}/{RESPONSES}{policy.upstream_model}"
    extra = dict(kwargs.get("extra_body") or {})
    for name, theirs in RENAMED.items():
        value = kwargs.pop(name, None)
        if value is None or theirs in extra:
            continue
        if name == "reasoning_effort":
            value = with_known_effort(value if isinstance(value, dict) else {"effort": value})
        extra[theirs] = value
    kwargs["extra_body"] = extra


def shape_response(policy: Policy, kwargs: dict[str, Any]) -> None:
    """Change the arguments of one call of the responses API in place: what the client gave is not judged."""
    _say_without_key(policy, kwargs)
    kwargs["model"] = f"{policy.provider}/{policy.upstream_model}"
    given = {name: kwargs.pop(name) for name in UNJUDGED if kwargs.get(name) is not None}
    kwargs["extra_body"] = {**(kwargs.get("extra_body") or {}), **given}


def known_fields(messages: list[Any]) -> list[Any]:
    """Messages made of another protocol's with nothing in them that OpenAI does not know.

    >>> known_fields([{"role": "user", "content": "a", "thinking_blocks": []}])
    [{'role': 'user', 'content': 'a'}]
    """
    return [_known(message) if isinstance(message, dict) else message for message in messages]


def _known(message: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in message.items() if name not in FOREIGN}
    content = kept.get("content")
    if isinstance(content, list):
        kept["content"] = [
            {k: v for k, v in part.items() if k not in FOREIGN} if isinstance(part, dict) else part
            for part in content
        ]
    return kept


def whole_system(messages: list[Any]) -> list[Any]:
    r"""Messages in which a system text of several blocks is one, with blank lines between.

    >>> whole_system([{"role": "system", "content": [{"text": "a"}, {"text": "b"}]}])
    [{'role': 'system', 'content': 'a\n\nb'}]
    """
    return [
        {**message, "content": _in_one(message.get("content"))}
        if isinstance(message, dict) and message.get("role") == "system"
        else message
        for message in messages
    ]


def _in_one(content: Any) -> Any:
    parts = content if isinstance(content, list) else []
    found = [part.get("text") for part in parts if isinstance(part, dict)]
    texts = [text for text in found if isinstance(text, str)]
    return "\n\n".join(texts) if texts and len(texts) == len(parts) else content


def _pass_through(request: Request, policy: Policy, kwargs: dict[str, Any], name: str) -> None:
    if request.kind in ("chat", "embeddings"):
        fields = {k: v for k, v in request.body.fields.items() if k not in STRUCTURE[request.kind]}
        if request.kind == "embeddings":
            fields = {k: v for k, v in fields.items() if v is not None}
        if request.kind == "chat" and not isinstance(request.body.fields.get("messages"), list):
            fields["messages"] = request.body.fields.get("messages")
        if request.kind == "chat" and request.body.fields.get("stream", True) is not True:
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
