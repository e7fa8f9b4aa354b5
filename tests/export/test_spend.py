"""What LiteLLM counts for an answer through an exported deployment: the price of its own list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import litellm
import pytest
import pytest_asyncio
import yaml
from aiohttp import web
from configurations import gateway, plan
from litellm.integrations.custom_logger import CustomLogger

from one_adapter.export.prices import NO_PRICES, Prices, shipped
from one_adapter.export.proxy_config import proxy_config
from one_adapter.export.secrets import secrets_of
from one_adapter.runtime.host import facts

pytestmark = [
    pytest.mark.proxy,
    pytest.mark.asyncio(loop_scope="module"),  # LiteLLM's logging stays in the loop that it began in
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
READ, WRITTEN = 1000, 500
#: Services as people have them, the model they ask, and its name in LiteLLM's list.
SPENT = [
    ({"openai": {"server_url": "https://api.openai.com/v1"}}, "gpt-4o", "gpt-4o"),
    ({"deepseek": {}}, "deepseek-chat", "deepseek/deepseek-chat"),
    ({"groq": {}}, "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
    ({"dashscope": {}}, "qwen-plus", "dashscope/qwen-plus"),
]


class Heard(CustomLogger):  # type: ignore[misc]
    """Who is told of an answer's cost, as the database is."""

    def __init__(self) -> None:
        super().__init__()
        self.costs: asyncio.Queue[Any] = asyncio.Queue()

    async def async_log_success_event(self, kwargs: dict[str, Any], **_: object) -> None:
        self.costs.put_nowait(kwargs["standard_logging_object"]["response_cost"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vendor() -> AsyncIterator[str]:
    """A vendor on loopback that says how much was read and written."""

    async def answer(request: web.Request) -> web.Response:
        asked = await request.json()
        message = {"role": "assistant", "content": "hi"}
        usage = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"]}
        return web.json_response({**body, "choices": [choice], "usage": usage})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def heard() -> AsyncIterator[Heard]:
    """One for all tests: LiteLLM takes a second listener of the same class for the first."""
    kept, litellm.callbacks = litellm.callbacks, [Heard()]
    yield litellm.callbacks[0]
    litellm.callbacks = kept


async def spent(
    heard: Heard, vendor: str, services: dict[str, Any], model: str, prices: Prices
) -> float | None:
    """What one chat through the exported file costs by LiteLLM's own reckoning."""
    (kind, fields), *_ = services.items()
    entry = {"models": [model], "enabled": True, "credentials": {"api_key": "k"}, **fields}
    config = {"services": {kind: [entry]}}
    decided = plan(config)
    exported = yaml.safe_load(proxy_config(decided, secrets_of(gateway(config), decided), prices=prices))
    deployments = [one for one in exported["model_list"] if one["model_name"] == model][:1]
    deployments[0]["litellm_params"] |= {"api_base": vendor, "api_key": "k"}
    router = litellm.Router(model_list=deployments, num_retries=0, disable_cooldowns=True)
    await router.acompletion(model=model, messages=[{"role": "user", "content": "hello"}])
    cost = await asyncio.wait_for(heard.costs.get(), 10)
    assert cost is None or isinstance(cost, float)
    return cost


@pytest.mark.parametrize(("services", "model", "name"), SPENT, ids=[model for _, model, _ in SPENT])
async def test_a_chat_costs_what_litellms_list_says(
    heard: Heard, vendor: str, services: dict[str, Any], model: str, name: str
) -> None:
    if "/" in name and facts.row_of(facts.installed()) in facts.ROWS[:2]:
        pytest.skip("up to 1.106 LiteLLM looks for such a name under the protocol's vendor")
    row = litellm.model_cost[name]
    expected = READ * row["input_cost_per_token"] + WRITTEN * row["output_cost_per_token"]
    assert expected > 0
    assert await spent(heard, vendor, services, model, shipped()) == pytest.approx(expected)


async def test_without_prices_it_costs_nothing(heard: Heard, vendor: str) -> None:
    services, model, _ = SPENT[0]
    assert await spent(heard, vendor, services, model, NO_PRICES) == 0.0
