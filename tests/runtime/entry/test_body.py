from __future__ import annotations

import json

from one_adapter.runtime.entry import body


class TestBody:
    def test_what_litellm_sees_has_no_orders_for_litellm(self) -> None:
        orders = dict.fromkeys(("api_base", "api_key", "mock_response", "fallbacks", "metadata", "tags"), "x")
        seen = body.visible({"model": "m", "messages": [], **orders, "stream_options": 5}, "chat")
        assert seen == {"model": "m", "messages": []}

    def test_a_missing_input_is_an_empty_one(self) -> None:
        assert body.visible({"model": "m"}, "responses") == {"model": "m", "input": " "}

    def test_content_given_as_one_object_is_a_list_of_one(self) -> None:
        part = '{"type":"text","text":"a"}'
        read = body.parse(f'{{"model":"m","messages":[{{"role":"user","content":{part}}}]}}'.encode(), "chat")
        body.check(read, "chat")
        assert read.render({}) == (
            b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]}'
        )

    def test_what_needs_no_mending_goes_on_as_it_was_written(self) -> None:
        raw = b'{"model":"m","messages":[{"role":"user", "content":"a","n":1.0}],"Seed":1e2}'
        read = body.parse(raw, "chat")
        body.check(read, "chat")
        assert read.render({}) == raw.replace(b"Seed", b"seed")

    def test_the_effort_max_is_high_on_the_responses_route_and_no_more_of_reasoning_changes(self) -> None:
        for effort, sent in (("max", "high"), ("minimal", "minimal"), (None, None)):
            asked = {"model": "m", "reasoning": {"effort": effort, "x": 1}}
            read = body.parse(json.dumps(asked).encode(), "responses")
            body.check(read, "responses")
            assert read.fields["reasoning"] == {"effort": sent, "x": 1}
