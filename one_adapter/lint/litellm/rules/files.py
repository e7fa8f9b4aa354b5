"""LIT0xx: is the file one that LiteLLM can read at all."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.rule import rule


@rule("LIT001", "invalid-syntax", "error")
def invalid_syntax(context: Context) -> Iterator[Note]:
    """The text is not YAML.

    One character out of place and nothing of the file is read.

    LiteLLM: refuses to start, with its parser's message.
    """
    problem = context.document.problem
    if problem and problem.kind == "syntax":
        yield Note("", problem.span, problem.message)
