"""What some upstreams need done to a request before they take it.

`glm` keeps sampling values inside the range open.bigmodel.cn accepts, `groq` leaves out what
Groq refuses; flattening turns content parts into text for a model that takes text only. Nothing
is dropped in silence: what cannot be text leaves a note in its place.
"""

from __future__ import annotations

from typing import Any

#: The highest temperature and top_p that Zhipu takes, and the most tokens of an answer.
GLM_TOP = 0.99
GLM_TOKENS, GLM_TOKENS_BY_MODEL = 4095, {"glm-4v": 1024}
GROQ_REFUSES = ("logprobs", "top_logprobs", "logit_bias")


def clamp_glm(fields: dict[str, Any], model: str) -> None:
    """Keep temperature and top_p below 1 and max_tokens within the model's limit.

    >>> fields = {"temperature": 5, "max_tokens": 9999}
    >>> clamp_glm(fields, "glm-4"); fields
    {'temperature': 0.99, 'max_tokens': 4095}
    """
    for name in ("temperature", "top_p"):
        if _number(fields.get(name)) and fields[name] > GLM_TOP:
            fields[name] = GLM_TOP
    most = GLM_TOKENS_BY_MODEL.get(model, GLM_TOKENS)
    if _number(fields.get("max_tokens")) and fields["max_tokens"] > most:
        fields["max_tokens"] = most


def clamp_groq(fields: dict[str, Any], model: str) -> None:  # noqa: ARG001
    """Leave out log probabilities and biases, ask for one answer, keep temperature in 0.1..2."""
    for name in GROQ_REFUSES:
        fields.pop(name, None)
    if "n" in fields:
        fields["n"] = 1
    if _number(fields.get("temperature")):
        fields["temperature"] = min(2, max(0.1, fields["temperature"]))


GUARDS = {"glm": clamp_glm, "groq": clamp_groq}


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def flatten(messages: list[Any]) -> list[Any]:
    r"""Messages whose content is text, with addresses and notes where parts were.

    Where there are no parts, that is the very list.

    >>> image = {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}
    >>> parts = [{"type": "text", "text": "look"}, image]
    >>> flatten([{"role": "user", "content": parts}])[0]["content"]
    'look\nhttps://x.org/a.png'
    """
    found = messages
    for place, message in enumerate(messages):
        if isinstance(message, dict) and isinstance(message.get("content"), list):
            if found is messages:
                found = [*messages]
            found[place] = {**message, "content": _text(message["content"])}
    return found


def _text(parts: list[Any]) -> str:
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
        elif isinstance(part, dict) and part.get("type") in ("text", "input_text", None):
            text += str(part.get("text") or "")
        else:
            text += ("\n" if text else "") + _note(part)
    return text


def _note(part: object) -> str:
    kind = str(part.get("type")) if isinstance(part, dict) else type(part).__name__
    image = part.get("image_url") if isinstance(part, dict) else None
    url = image.get("url") if isinstance(image, dict) else image
    if isinstance(url, str) and url.startswith(("http://", "https://")):
        return url
    name = "image" if kind == "image_url" else kind
    return f"[{name} left out: this model takes text only]"


def unmarked(messages: list[Any]) -> list[Any]:
    """Messages without the marks that say what is to be stored for later calls.

    >>> unmarked([{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}])
    [{'role': 'user', 'content': [{'type': 'text', 'text': 'a'}]}]
    """
    found = []
    for message in messages:
        made = _without_mark(message)
        if isinstance(made, dict) and isinstance(made.get("content"), list):
            made = {**made, "content": [_without_mark(part) for part in made["content"]]}
        found.append(made)
    return found


def _without_mark(value: Any) -> Any:
    if isinstance(value, dict) and "cache_control" in value:
        return {name: one for name, one in value.items() if name != "cache_control"}
    return value
