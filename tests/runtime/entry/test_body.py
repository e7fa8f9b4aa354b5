from __future__ import annotations

from one_adapter.runtime.entry import body


class TestBody:
    def test_what_litellm_sees_has_no_orders_for_litellm(self) -> None:
        orders = dict.fromkeys(("api_base", "api_key", "mock_response", "fallbacks", "metadata", "tags"), "x")
        seen = body.visible({"model": "m", "messages": [], **orders, "stream_options": 5}, "chat")
        assert seen == {"model": "m", "messages": []}

    def test_a_missing_input_is_an_empty_one(self) -> None:
        assert body.visible({"model": "m"}, "responses") == {"model": "m", "input": " "}
