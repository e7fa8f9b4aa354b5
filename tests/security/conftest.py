"""One proxy with every kind of deployment, once as `run` starts it, once without a profile and the relay.

`proxy` is the running proxy and `upstream` every vendor it has. A test that breaks or fills something takes
a deployment of its own from `services`. `ask` sends one request.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "runtime"))
sys.path.insert(0, str(Path(__file__).parent))

import raw
import yaml
from proxy import CLIENT, MASTER, Proxy, configuration
from services import SECRETS, addresses, services
from wires import Wires


@pytest.fixture(scope="session")
def upstream() -> Iterator[Wires]:
    """Every vendor at once."""
    running = Wires().start()
    yield running
    running.stop()


def started(profile: str, upstream: Wires, folder: Path) -> Proxy:
    """The proxy under one profile; a key of its own opens one model."""
    made = yaml.safe_load(
        configuration(services(upstream.base), routes=["/v1/moderations"], translation={"model": "cheap"})
    )
    ours = made["general_settings"]["one_adapter"]
    ours["relay"] = profile == "fast"
    ours["access"]["keys"] += [{"env": "CHEAP_KEY", "models": ["cheap"]}]
    made["litellm_settings"]["custom_provider_map"] = [
        {"provider": name, "custom_handler": f"one_adapter.providers.{name}.handler"}
        for name in ("dify", "huoshan", "xinghuo")
    ]
    text = yaml.safe_dump(made, allow_unicode=True)
    secrets = SECRETS | addresses(upstream.base)
    return Proxy(text, folder / "log", profile=profile, measured=False, **secrets).wait()


@pytest.fixture(scope="session")
def of_profile(upstream: Wires, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Proxy]]:
    """The proxy under a profile: started when it is first asked for, one for all modules."""
    running: dict[str, Proxy] = {}

    def one(profile: str) -> Proxy:
        if profile not in running:
            running[profile] = started(profile, upstream, tmp_path_factory.mktemp(f"security-{profile}"))
        return running[profile]

    yield one
    for proxy in running.values():
        proxy.stop()


@pytest.fixture(scope="session", params=["fast", "stock"])
def proxy(request: pytest.FixtureRequest, of_profile: Callable[[str], Proxy]) -> Proxy:
    """The proxy, under each profile in turn."""
    return of_profile(request.param)


@pytest.fixture
def ask(proxy: Proxy, upstream: Wires) -> Callable[..., raw.Answer]:
    """One request to the proxy, with the key for every model unless another is given."""
    upstream.take()

    def asked(method: str, path: str, body: Any = None, key: str = CLIENT, **more: Any) -> raw.Answer:
        return raw.request(proxy.port, method, path, key, body, **more)

    return asked


@pytest.fixture
def master() -> str:
    """The key of the proxy's owner."""
    return MASTER
