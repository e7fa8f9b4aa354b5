from __future__ import annotations

from typing import Any

import pytest

from one_adapter.runtime.upstream import quirks


class TestGuards:
    def test_glm_values_stay_below_one_and_zero_stays_zero(self) -> None:
        fields: dict[str, Any] = {"temperature": 1, "top_p": 0, "max_tokens": 5000, "n": True}
        quirks.clamp_glm(fields, "glm-4v")
        assert fields == {"temperature": 0.99, "top_p": 0, "max_tokens": 1024, "n": True}

    def test_groq_loses_what_it_refuses(self) -> None:
        fields: dict[str, Any] = {
            "logprobs": True,
            "top_logprobs": 2,
            "logit_bias": {},
            "n": 4,
            "temperature": 0,
        }
        quirks.clamp_groq(fields, "llama3")
        assert fields == {"n": 1, "temperature": 0.1}

    @pytest.mark.parametrize(
        ("part", "text"),
        [
            ({"type": "image_url", "image_url": "https://x/a.png"}, "look\nhttps://x/a.png"),
            ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}, "image left out"),
            ({"type": "input_audio", "input_audio": {}}, "input_audio left out"),
            ("tail", "looktail"),
            (7, "int left out"),
        ],
    )
    def test_no_part_is_lost_in_silence(self, part: Any, text: str) -> None:
        messages = [{"role": "user", "content": [{"type": "text", "text": "look"}, part]}, "odd"]
        assert text in quirks.flatten(messages)[0]["content"]

    def test_numbers_that_are_in_range_and_fields_that_are_no_numbers_stay(self) -> None:
        fields: dict[str, Any] = {"temperature": "hot", "top_p": 0.5, "max_tokens": 100}
        quirks.clamp_glm(fields, "glm-4")
        quirks.clamp_groq(fields, "llama3")
        assert fields == {"temperature": "hot", "top_p": 0.5, "max_tokens": 100}

    def test_an_image_without_an_address_leaves_a_note(self) -> None:
        parts = [{"type": "image_url"}, {"type": "image_url", "image_url": {"url": "http://x/a"}}]
        (message,) = quirks.flatten([{"role": "user", "content": parts}])
        assert message["content"] == "[image left out: this model takes text only]\nhttp://x/a"
