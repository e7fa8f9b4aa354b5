"""The relay is an extra and no pillar: a copy of the package without its folder serves as well."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from pathlib import Path

import litellm_forks
import pytest
from proxy import CLIENT, Proxy, configuration, deployment
from vendor import Vendor

import one_adapter

pytestmark = pytest.mark.proxy
PACKAGE = Path(one_adapter.__file__).parent


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package but `runtime/relay`; a program started in it finds this copy first."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, folder / "one_adapter", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(folder / "one_adapter" / "runtime" / "relay")
    return folder


def test_only_litellms_way_is_there(copy: Path) -> None:
    program = (
        "import one_adapter; print(one_adapter.__file__)\n"
        "from one_adapter.runtime.host.install import relays; print(relays())"
    )
    done = litellm_forks.run(program, copy, os.environ)
    assert done.stdout.splitlines() == [str(copy / "one_adapter" / "__init__.py"), "[]"]


def test_chats_are_answered_that_way_whatever_the_switch_says(copy: Path, vendor: Vendor) -> None:
    base = vendor.base
    models = [
        deployment("m1", f"{base}/a/v1"),
        deployment("fail", f"{base}/fail429/v1"),
        deployment("emb", f"{base}/a/v1", mode="embedding"),
    ]
    proxy = Proxy(configuration(models, relay=True), copy / "log").wait()
    ask = [
        ("/v1/chat/completions", {"model": "m1", "messages": []}),
        ("/v1/chat/completions", {"model": "m1", "messages": [], "stream": True}),
        ("/v1/embeddings", {"model": "emb", "input": "a"}),
        ("/v1/messages", {"model": "m1", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}),
        ("/v1/chat/completions", {"model": "fail", "messages": []}),
    ]
    found = []
    for path, body in ask:
        request = urllib.request.Request(
            proxy.base + path, json.dumps(body).encode(), {"authorization": f"Bearer {CLIENT}"}
        )
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            found.append((answer.status, answer.headers["x-one-adapter-way"]))
            answer.read()
    assert proxy.stop()[0] == 0
    assert found == [(200, "litellm")] * 4 + [(429, "litellm")], proxy.output()
