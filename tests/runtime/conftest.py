from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# `forwarders` and a certificate stand with the tests of the providers.
sys.path.insert(0, str(Path(__file__).parent.parent / "providers"))
sys.path.insert(0, str(Path(__file__).parent))

from proxy import WAYS, Proxy, configuration, deployment
from vendor import Vendor

SPARE = {"order": "first", "breaker": {"failures": 2, "recovery_seconds": 60, "probes": 1}}
ONE = {"service": {"concurrency": 1, "wait_seconds": 1}}


@pytest.fixture(scope="session")
def vendor() -> Iterator[Vendor]:
    running = Vendor().start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def proxy(vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """One proxy for the whole session; a test that limits or breaks something has a model of its own."""
    base = vendor.base
    models = [
        deployment("m1", f"{base}/a/v1", flatten_parts=True),
        deployment("random", f"{base}/a/v1", service="openai-r"),
        deployment("secret", f"{base}/secret/v1", key="UP_2", service="openai-2"),
        deployment("org/model:free", f"{base}/a/v1", upstream="org/model:free"),
        deployment("通义千问", f"{base}/a/v1", upstream="%E9%80%9A", upstream_model="通义"),
        deployment("gpt-5", f"{base}/a/v1", upstream="gpt-5"),
        deployment("thinker", f"{base}/reason/v1"),
        deployment("tools", f"{base}/tool/v1"),
        deployment("emb", f"{base}/a/v1", mode="embedding"),
        *(
            one
            for way in WAYS
            for one in (
                deployment(f"turn-{way}", f"{base}/one/v1", service=f"t1-{way}", order="rr"),
                deployment(f"turn-{way}", f"{base}/two/v1", service=f"t2-{way}", order="rr", key="UP_2"),
                deployment(f"spare-{way}", f"{base}/fail500/v1", service=f"s1-{way}", weight=1, **SPARE),
                deployment(f"spare-{way}", f"{base}/two/v1", service=f"s2-{way}", weight=0, **SPARE),
                deployment(f"alone-{way}", f"{base}/fail500/v1", service=f"s3-{way}", **SPARE),
                deployment(f"brief-{way}", f"{base}/a/v1", service=f"one-{way}", limits=ONE),
                deployment(f"brief-slow-{way}", f"{base}/slow9/v1", service=f"one-{way}", limits=ONE),
                deployment(f"brief-stream-{way}", f"{base}/slowchunk9/v1", service=f"one-{way}", limits=ONE),
            )
        ),
        deployment("late", f"{base}/slow9/v1", service="late", timeout=1),
        deployment("late-stream", f"{base}/slowchunk0.8/v1", service="late", timeout=1),
        deployment("keyless", f"{base}/a/v1", key="NO_KEY"),
        deployment("glm-4", f"{base}/a/v1", guards=["glm"]),
        deployment("tenant", f"{base}/a/v1", query={"tenant": "7"}),
        deployment("proxied", "http://upstream.invalid/v1", service="proxied", proxy={"http_env": "PROXY"}),
        deployment("llama", f"{base}/local", provider="ollama_chat"),
        deployment("azure", "http://azure.invalid", provider="azure", proxy={"http_env": "PROXY"}),
        deployment("claude", "http://claude.invalid", provider="anthropic", proxy={"http_env": "PROXY"}),
        *(
            deployment(name, f"{base}/{kind}/v1", upstream=f"responses/up-{name}")
            for name, kind in (("asked", "a"), ("asked-tool", "tool"), ("asked-400", "fail400"))
        ),
        deployment(
            "asked-keyless",
            f"{base}/a/v1",
            key="NO_KEY",
            upstream="responses/%E9%80%9A",
            upstream_model="通",
            query={"tenant": "7"},
        ),
        deployment("exactly", f"{base}/own/path#/v1/messages", provider="anthropic"),
        deployment("claude-429", f"{base}/fail429", provider="anthropic"),
        *(
            deployment(f"fail-{code}", f"{base}/fail{code}/v1")
            for code in (400, 401, 404, 422, 429, 500, 503)
        ),
        *(deployment(f"odd-{kind}", f"{base}/{kind}/v1") for kind in ("drop", "html", "cut")),
    ]
    own = {
        "unlisted": ["emb", "fast", "random"],
        "aliases": ["fast"],
        "translation": {"prompt_template": "To %s: %s"},
    }
    text = configuration(models, relay=True, **own)
    running = Proxy(text, tmp_path_factory.mktemp("proxy") / "log", PROXY=base, NO_KEY="").wait()
    yield running
    code, seconds = running.stop()
    assert code == 0
    assert seconds < 60


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """The way that the requests of a test go: each of them in turn."""
    return str(request.param)
