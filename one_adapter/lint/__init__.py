"""JUDGE: what the gateway, or LiteLLM, would refuse or misread of its file, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from one_adapter.finding import Finding
from one_adapter.lint.finding import refused

if TYPE_CHECKING:
    from one_adapter.lint.catalogue import judge
    from one_adapter.lint.output.as_text import render_text

__all__ = ["Finding", "judge", "refused", "render_text"]


def __getattr__(name: str) -> object:
    """The judge of the gateway's file, and the text: who lints LiteLLM's alone does not pay for its rules."""
    if name == "judge":
        from one_adapter.lint.catalogue import judge

        return judge
    if name == "render_text":
        from one_adapter.lint.output.as_text import render_text

        return render_text
    raise AttributeError(name)
