"""The address of LiteLLM's `custom_auth` in exported files; what it does is in `host.auth`."""

from __future__ import annotations

from one_adapter.runtime.host.auth import authenticate

__all__ = ["authenticate"]
