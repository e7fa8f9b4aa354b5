"""The launch profile: the same LiteLLM, answering faster.

`fast` (the default) lowers the log level, holds the garbage collector off while LiteLLM is imported
and takes what is then there out of its sight, loads at the start what the first request would wait
for, and stops an import that LiteLLM tries in vain on every request. `stock` changes nothing.
docs/performance.md has a row for each choice.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
from collections.abc import MutableMapping
from typing import Any

PROFILES = ("fast", "stock")
VARIABLE = "ONE_ADAPTER_PROFILE"
#: Versions in which the patches were tried.
PATCHED = ("1.105.", "1.106.")
#: Versions in which the shortcuts were tried.
SHORTENED = ("1.106.",)
#: What LiteLLM imports when the first request comes, which would wait half a second for it.
FIRST_NEEDED = (
    "openai.resources.chat.completions",
    "openai.resources.embeddings",
    "litellm.litellm_core_utils.default_encoding",
    "litellm.proxy.pass_through_endpoints.llm_passthrough_endpoints",
    "litellm.proxy._experimental.mcp_server.mcp_server_manager",
    "litellm.proxy._experimental.mcp_server.auth.user_api_key_auth_mcp",
)
#: Collections of the youngest generation per so many allocations, of the older per so many of those.
THRESHOLDS = (5_000, 10, 10)


def chosen() -> str:
    """Return the profile of this process."""
    return "stock" if os.environ.get(VARIABLE) == "stock" else "fast"


def asked() -> bool:
    """Tell whether somebody asked for the fast profile, as `one-adapter run` does."""
    return os.environ.get(VARIABLE) == "fast"


def before_import(environment: MutableMapping[str, str]) -> None:
    """Set what LiteLLM reads while it is imported; values already set are left alone."""
    environment.setdefault("LITELLM_LOG", "ERROR")
    gc.disable()


def after_import() -> None:
    """Change the loaded LiteLLM where only that helps, and load what its first request would.

    The stock `litellm` command, which never heard of a profile, keeps its own code but for an import
    that fails; ONE_ADAPTER_PROFILE=fast in its environment asks for the shortcuts too.
    """
    from one_adapter.runtime import shortcuts

    _quiet_telemetry()
    if shortcuts.wanted():
        shortcuts.install()
    for name in FIRST_NEEDED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def settle() -> None:
    """Take everything alive out of the garbage collector's sight and let it work again.

    What is left for it to look through is what requests leave behind, so it is quick.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()


def settle_again() -> None:
    """Once more, for what the first requests have loaded; costs one full collection."""
    gc.collect()
    gc.freeze()


def _quiet_telemetry() -> None:
    """Stop LiteLLM from importing its telemetry on every request when it cannot be imported.

    `_seed_request_destinations` routes traces to the accounts of keys or teams; without
    opentelemetry-sdk its import fails, silently and slowly, each time.
    """
    if importlib.util.find_spec("opentelemetry") and importlib.util.find_spec("opentelemetry.sdk"):
        return
    from litellm.proxy.auth import user_api_key_auth

    if is_version(PATCHED) and hasattr(user_api_key_auth, "_seed_request_destinations"):
        user_api_key_auth._seed_request_destinations = _nothing


def is_version(beginnings: tuple[str, ...]) -> bool:
    """Tell whether LiteLLM's version begins with one of these."""
    from litellm._version import version

    return str(version).startswith(beginnings)


def _nothing(*arguments: Any, **named: Any) -> None:
    """Stand in for a function that would do nothing here, slowly."""
