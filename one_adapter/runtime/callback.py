"""The address of the callback in exported files; loading it puts the door before LiteLLM's application."""

from __future__ import annotations

from one_adapter.runtime.host.install import handler, install

__all__ = ["handler"]

install()
