"""A generation on its way from one process to another."""

from __future__ import annotations

from one_adapter.runtime.reload.generation import Generation


def test_a_generation_arrives_as_it_was_sent_with_keys_of_any_letters() -> None:
    sent = Generation(
        7, "0a1b2c3d4e5f", "model_list: []  # \u6a21\u578b\n", {"KEY": "\u5bc6\n'\"", "OTHER": ""}
    )
    assert Generation.from_bytes(sent.to_bytes()) == sent


def test_a_generation_that_is_shown_says_nothing_of_its_keys() -> None:
    shown = repr(Generation(1, "0a1b2c3d4e5f", "api_key: sk-in-the-text", {"KEY": "sk-in-a-variable"}))
    assert "0a1b2c3d4e5f" in shown
    assert "sk-" not in shown
