"""The modules that have examples in their docstrings, and a look at whether these hold."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import one_adapter

PACKAGE = Path(one_adapter.__file__).parent
#: Where LiteLLM is imported.
WITH_LITELLM = ("one_adapter.runtime.host.", "one_adapter.providers.")


def modules_with_examples(with_litellm: bool) -> list[str]:
    """The names of those that import LiteLLM, or of all others."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>>" in path.read_text(encoding="utf-8")]
    parts = (path.relative_to(PACKAGE.parent).with_suffix("").parts for path in paths)
    names = [".".join(each).removesuffix(".__init__") for each in parts]
    return [name for name in names if f"{name}.".startswith(WITH_LITELLM) is with_litellm]


def assert_examples_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
