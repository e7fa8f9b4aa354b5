"""What the exported YAML says of `/translate`."""

from __future__ import annotations

from dataclasses import dataclass

from one_adapter.runtime.gateway.mapping import Reader


@dataclass(frozen=True)
class TranslationRule:
    """How `/translate` asks: model, prompt template, how many texts at once (0: the default)."""

    model: str = "random"
    prompt_template: str = ""
    concurrency: int = 0
    retry: int = 0


def read_translation(reader: Reader | None) -> TranslationRule:
    """Read the rule; without one the defaults hold."""
    if reader is None:
        return TranslationRule()
    return TranslationRule(
        reader.text("model", "random"),
        reader.text("prompt_template"),
        reader.count("concurrency", 0),
        reader.count("retry", 0),
    )
