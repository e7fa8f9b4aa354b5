"""The examples in docstrings do what they say; those of modules that import LiteLLM are tried in `host`."""

from __future__ import annotations

import pytest
from docstring_examples import assert_examples_hold, modules_with_examples


@pytest.mark.parametrize("name", modules_with_examples(with_litellm=False))
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert_examples_hold(name)
