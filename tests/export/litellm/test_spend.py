"""What LiteLLM counts for an answer through an exported deployment: the price of its own list.

LiteLLM keeps prices and listeners for a whole process, so the chats are made in one of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import litellm
import litellm_forks
import pytest
import yaml
from aiohttp import web
from configurations import gateway, plan
from litellm.integrations.custom_logger import CustomLogger

from one_adapter.export.litellm.prices import LIST, NO_PRICES, Prices, shipped
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.runtime.host import facts

pytestmark = pytest.mark.proxy
#: LiteLLM's list as it ships, whatever another test has made of the loaded one.
PRICES = json.loads((Path(litellm.__file__).parent / LIST).read_text(encoding="utf-8"))
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


@asynccontextmanager
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
    cost = await asyncio.wait_for(heard.costs.get(), 60)
    assert cost is None or isinstance(cost, float)
    return cost


async def told() -> list[float | None]:
    """What the chats of `SPENT` cost, and the first of them where the file names no prices."""
    heard = Heard()
    litellm.callbacks = [heard]
    async with vendor() as base:
        costs = [await spent(heard, base, services, model, shipped()) for services, model, _ in SPENT]
        services, model, _ = SPENT[0]
        return [*costs, await spent(heard, base, services, model, NO_PRICES)]


@pytest.fixture(scope="module")
def costs() -> list[float | None]:
    tests = str(Path(__file__).resolve().parents[2])
    program = (
        f"import runpy, sys; sys.path.append({tests!r}); runpy.run_path({__file__!r}, run_name='__main__')"
    )
    made = litellm_forks.run(program, Path.cwd(), os.environ)
    found: list[float | None] = json.loads(made.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(("place", "name"), [*enumerate(name for *_, name in SPENT)])
def test_a_chat_costs_what_litellms_list_says(costs: list[float | None], place: int, name: str) -> None:
    if "/" in name and facts.row_of(facts.installed()) in facts.ROWS[:2]:
        pytest.skip("up to 1.106 LiteLLM looks for such a name under the protocol's vendor")
    row = PRICES[name]
    expected = READ * row["input_cost_per_token"] + WRITTEN * row["output_cost_per_token"]
    assert expected > 0
    assert costs[place] == pytest.approx(expected)


def test_without_prices_it_costs_nothing(costs: list[float | None]) -> None:
    assert costs[-1] == 0.0


if __name__ == "__main__":
    print(json.dumps(asyncio.run(told())))
