"""What LiteLLM is told beside its router: vendors of ours that are new, clients nobody needs any more."""

from __future__ import annotations

import litellm
import openai
import pytest

from one_adapter.contract import HANDLERS
from one_adapter.runtime.host import writing


def test_a_vendor_of_ours_is_known_to_litellm_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litellm, "custom_provider_map", [])
    for _ in range(2):
        writing.register([{"provider": "dify", "custom_handler": HANDLERS["dify"]}])
    assert [one["provider"] for one in litellm.custom_provider_map] == ["dify"]
    assert "dify" in litellm.provider_list


def test_clients_of_keys_that_are_gone_are_let_go_and_the_others_stay() -> None:
    cache = litellm.in_memory_llm_clients_cache
    for key in ("sk-gone", "sk-stays"):
        cache.set_cache(key, openai.AsyncOpenAI(api_key=key))
    writing.forget_clients(["sk-gone"])
    assert cache.get_cache("sk-gone") is None
    assert cache.get_cache("sk-stays") is not None
    writing.forget_clients([])
    assert cache.get_cache("sk-stays") is not None
