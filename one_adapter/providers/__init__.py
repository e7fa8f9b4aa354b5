"""LLM vendors that LiteLLM lacks: iFlytek Spark, Dify, and Volcengine Ark with AK/SK.

Each is a LiteLLM custom provider of its own and needs nothing else of this package:

    from one_adapter.providers import register
    register()
    litellm.completion(model="xinghuo/generalv3.5", messages=[...])

The names are loaded on first use, because LiteLLM takes seconds to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from one_adapter.providers.dify import Dify
    from one_adapter.providers.huoshan import Huoshan
    from one_adapter.providers.xinghuo import Xinghuo

__all__ = ["Dify", "Huoshan", "Xinghuo", "register"]

PROVIDERS = ("xinghuo", "dify", "huoshan")


def register() -> None:
    """Make `xinghuo/…`, `dify/…` and `huoshan/…` known to LiteLLM in this program. Safe to call twice."""
    import litellm

    known = {entry["provider"] for entry in litellm.custom_provider_map}
    for name in PROVIDERS:
        if name not in known:
            handler = import_module(f"{__name__}.{name}").handler
            litellm.custom_provider_map.append({"provider": name, "custom_handler": handler})
    litellm.utils.custom_llm_setup()


def __getattr__(name: str) -> Any:
    if name.lower() in PROVIDERS and name in __all__:
        return getattr(import_module(f"{__name__}.{name.lower()}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
