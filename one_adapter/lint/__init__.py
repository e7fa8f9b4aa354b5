"""JUDGE: what the gateway would refuse, what it would misread, and what to do about it."""

from __future__ import annotations

from one_adapter.finding import Finding
from one_adapter.lint.catalogue import judge
from one_adapter.lint.finding import refused
from one_adapter.lint.output.as_text import render_text

__all__ = ["Finding", "judge", "refused", "render_text"]
