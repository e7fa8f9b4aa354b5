"""Where this process keeps what it remembers from request to request: by itself, or shared with others."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.redaction import known


def memory_of(config: Config) -> Memory:
    """The memory of this process, by what its first configuration says; it holds from then on.

    Raises `OneAdapterError` where it is to be shared and the client for that is not installed.
    """
    sharing = config.settings.redis
    if sharing is None:
        return Memory()
    password = urlsplit(sharing.url).password
    if password:
        known.learn([sharing.url, password, unquote(password)])
    try:
        from one_adapter.runtime.shared.opening import open_memory  # who shares nothing needs no client
    except ImportError as problem:
        told = tr(
            "Limits cannot be shared, as {package} is not installed: pip install 'one-adapter[proxy]'.",
            package=problem.name,
        )
        raise OneAdapterError(told) from None
    return open_memory(sharing, (one.service for one in config.policies.values()))
