"""JUDGE: what the gateway would refuse, what it would misread, and what to do about it."""

from __future__ import annotations

from one_adapter.lint.finding import Finding, Rule, refused
from one_adapter.lint.registry import judge, rules
from one_adapter.lint.render import render_text

__all__ = ["Finding", "Rule", "judge", "refused", "render_text", "rules"]
