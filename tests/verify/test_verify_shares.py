"""How many calls shares are counted with: so few that no limit comes near."""

from __future__ import annotations

from fractions import Fraction

import pytest
from configurations import openai, plan, service

from one_adapter.verify.playing.headroom import Room
from one_adapter.verify.playing.shares import FEWEST_OF_A_NAME, SPARE, within_limits


@pytest.mark.parametrize(
    ("left", "share", "calls"),
    [
        (1000, Fraction(1), 100),
        (2 * 100 + SPARE, Fraction(1), 100),
        (2 * 60 + SPARE, Fraction(1), 60),
        (60 + SPARE, Fraction(1, 2), 60),
        (2 * FEWEST_OF_A_NAME + SPARE, Fraction(1), FEWEST_OF_A_NAME),
        (2 * FEWEST_OF_A_NAME + SPARE - 1, Fraction(1), None),
    ],
)
def test_a_service_could_get_twice_its_share_and_no_limit_would_come_near(
    left: int, share: Fraction, calls: int | None
) -> None:
    room = Room(plan(openai(service("m", limit={"qpm": 9000}))).services[0])
    room.left = left
    assert within_limits(100, {room: share}, is_exact=False) == calls


def test_turns_are_counted_whole_or_not_at_all() -> None:
    room = Room(plan(openai(service("m", limit={"qpm": 9000}))).services[0])
    room.left = 100
    assert within_limits(100, {room: Fraction(1)}, is_exact=True) is None
    assert within_limits(40, {room: Fraction(1)}, is_exact=True) == 40


def test_what_is_asked_is_taken_from_what_is_left() -> None:
    room = Room(plan(openai(service("m", limit={"qpm": 9000}))).services[0])
    room.left = 500
    assert within_limits(100, {room: Fraction(1, 2)}, is_exact=False) == 100
    assert room.left == 400
