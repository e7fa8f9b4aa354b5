"""The address of the callback in exported files; what it does is in `host`."""

from __future__ import annotations

from one_adapter.runtime.host.hooks import handler

__all__ = ["handler"]
