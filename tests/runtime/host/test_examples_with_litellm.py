"""The examples in the docstrings of what imports LiteLLM do what they say."""

from __future__ import annotations

import pytest
from docstring_examples import assert_examples_hold, modules_with_examples


@pytest.mark.parametrize("name", modules_with_examples(with_litellm=True))
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert_examples_hold(name)
