"""Ark's raw stream, watched on its way through LiteLLM for what LiteLLM leaves out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.piece import Tokens, end_chunk


class Watched:
    """Passes raw chunks on and remembers the end and the usage, also that of a bot's models."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._finish = ""
        self._tokens: Tokens | None = None

    async def chunks(self) -> AsyncIterator[Any]:
        """The raw chunks, unchanged. Raises VendorError when they end before the answer does."""
        broken = False
        try:
            async for chunk in self._raw:
                for choice in chunk.choices:
                    self._finish = choice.finish_reason or self._finish
                self._tokens = _usage(chunk) or self._tokens
                yield chunk
        except ValueError:  # an event that is not JSON
            broken = True
        if broken:
            raise VendorError(Kind.GARBAGE, "the service sent an event that cannot be read")
        if not self._finish:
            raise VendorError(Kind.CONNECTION, "the stream broke off before its end")

    def end(self) -> dict[str, Any]:
        """LiteLLM's last chunk for this stream."""
        return end_chunk(self._finish, self._tokens)

    async def close(self) -> None:
        """Close the connection, which ends the generation."""
        await self._raw.close()


def _usage(chunk: Any) -> Tokens | None:
    usage = getattr(chunk, "usage", None)
    if usage is None:
        return bot_tokens(getattr(chunk, "bot_usage", None))
    return Tokens(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def bot_tokens(usage: Any) -> Tokens | None:
    """The sum over all models that a bot used; None when it says nothing.

    >>> bot_tokens({"model_usage": [{"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}] * 2})
    Tokens(prompt=4, completion=2, total=6)
    """
    models = usage.get("model_usage") if isinstance(usage, Mapping) else None
    if not models:
        return None
    prompt, completion, total = (
        sum(int(model.get(name) or 0) for model in models)
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    return Tokens(prompt, completion, total)
