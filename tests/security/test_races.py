"""LiteLLM's threads take nothing from a request that is being answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litellm.litellm_core_utils import core_helpers

from one_adapter.runtime import quiet

pytestmark = pytest.mark.proxy


class Growing(dict[str, Any]):
    """A dict to which another thread writes whenever it is looked through."""

    def items(self) -> Any:
        return self._grown()

    def _grown(self) -> Iterator[tuple[str, Any]]:
        for pair in super().items():
            yield pair
            self[f"{len(self)} of another thread"] = 1


def test_what_is_known_of_a_call_may_grow_while_it_is_read() -> None:
    quiet.read_copies()
    quiet.read_copies()
    growing = Growing(user_api_key="k", other=1)
    found = core_helpers.get_litellm_metadata_from_kwargs(
        {"litellm_params": {"metadata": growing, "litellm_metadata": {"a": 1}}}
    )
    assert found == {"a": 1, "user_api_key": "k"}
