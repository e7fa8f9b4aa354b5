"""What must hold of limits whatever requests do: made-up services, many runs, a clock that jumps.

ONE_ADAPTER_LIMIT_RUNS says how many runs; each is the seed of its own, so one that fails can be made again.
"""

from __future__ import annotations

import os

import pytest
from limit_world import play
from virtual import run

RUNS = int(os.environ.get("ONE_ADAPTER_LIMIT_RUNS", "400"))
CHUNKS = 8


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_place_is_lost_or_given_twice_and_no_minute_holds_too_much(chunk: int) -> None:
    waited = 0
    for seed in range(chunk, RUNS, CHUNKS):
        try:
            world = run(play(seed))
        except AssertionError as failure:
            raise AssertionError(f"seed {seed}") from failure
        waited += any(one.at > 0 for one in world.starts)
    assert waited > RUNS / CHUNKS / 3
