"""What a worker's requests hold counts once when it goes on alone."""

from __future__ import annotations

from math import inf

import pytest
from virtual import run

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full
from one_adapter.runtime.gateway.settings import Limit
from one_adapter.runtime.shared.holding import Holding
from one_adapter.runtime.shared.waiting import Waiter, chain_of

LAYERS = [Layer("service", Limit(tpm=10.0, concurrency=5.0))]


def test_the_tokens_of_a_request_that_still_runs_are_counted_once() -> None:
    async def scenario() -> None:
        holding = Holding(60.0, lambda _: None)
        holding.begin(Waiter(1, LAYERS, chain_of(LAYERS), 4, inf))
        limits = holding.alone(workers=1)
        await limits.acquire(LAYERS, 6, 0)
        with pytest.raises(Full):
            await limits.acquire(LAYERS, 1, 0)

    run(scenario())
