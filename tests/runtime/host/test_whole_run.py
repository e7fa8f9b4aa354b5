"""The command as a person starts it: `one-adapter run FILE`, asked by the official client."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import litellm_forks
import openai
import pytest
from language_check import english_in
from proxy import free_port
from vendor import Vendor

from one_adapter.config.document import load
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan, Route

GUIDE = Path(__file__).parents[3] / "examples" / "guide.json"
MASTER = "sk-the-administrators-own"
GUIDE_KEY = "sk-my-clients-key"
HI: list[Any] = [{"role": "user", "content": "你好"}]


#: How it says that it listens, in either language.
LISTENS = ("one-adapter listens on", "one-adapter 正在监听")


class Running:
    """A started command: its address, its process, and everything it said so far."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.base = f"http://127.0.0.1:{port}"
        self.log = log

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait(self) -> None:
        """Wait for the word that it listens; from then on it answers."""
        limit = time.monotonic() + 300
        while not any(words in self.said() for words in LISTENS):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < limit, f"not ready: {self.said()}"
            time.sleep(0.02)
        with urllib.request.urlopen(f"{self.base}/healthz", timeout=5) as answer:
            assert answer.status == 200


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    """Start the command in a folder and a temporary directory of its own, and end it by Ctrl-C."""
    port, log = free_port(), folder / "log"
    (folder / "tmp").mkdir()
    environment = {
        **os.environ,
        "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder),
        "LITELLM_MASTER_KEY": MASTER,
    }
    command = [sys.executable, "-m", "one_adapter", "run", *arguments, "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=folder, env=environment)
    try:
        one = Running(process, port, log)
        one.wait()
        yield one
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert process.returncode == 0
    assert list((folder / "tmp").iterdir()) == []


@pytest.fixture(scope="module")
def guide() -> Plan:
    return decide(load(str(GUIDE)))


@pytest.fixture(scope="module")
def dry_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("dry"), str(GUIDE), "--dry-run", "--lang", "zh") as one:
        yield one


@pytest.fixture(scope="module")
def client(dry_run: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=GUIDE_KEY, base_url=f"{dry_run.base}/v1", max_retries=0) as one:
        yield one


def answers(text: str, route: Route) -> bool:
    """Whether an answer of the echo is one that a target of the route would have given."""
    return any(
        text.startswith(f"POST {target.upstream.url}/chat/completions model={target.upstream.model} ")
        for target in route.targets
    )


def test_every_name_of_the_guide_answers_a_chat_and_a_stream(client: openai.OpenAI, guide: Plan) -> None:
    names = [route for route in guide.routes if route.targets]
    assert len(names) > 100
    for route in names:
        whole = client.chat.completions.create(model=route.name, messages=HI)
        text = whole.choices[0].message.content or ""
        assert answers(text, route), (route.name, text)
        assert text.endswith("message=你好")
        assert whole.model == route.name
        stream = client.chat.completions.create(model=route.name, messages=HI, stream=True)
        chunks = list(stream)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert answers(text, route), (route.name, text)
        assert {chunk.model for chunk in chunks} == {route.name}


def test_both_names_of_a_turned_redirect_reach_nvidia_by_its_own_id(client: openai.OpenAI) -> None:
    for name in ("01-ai/yi-large", "gemma-7b", "google/gemma-7b"):
        text = client.chat.completions.create(model=name, messages=HI).choices[0].message.content or ""
        wanted = "google/gemma-7b" if "gemma" in name else "01-ai/yi-large"
        assert text.startswith(f"POST https://integrate.api.nvidia.com/v1/chat/completions model={wanted} ")


def test_the_models_list_is_the_gateways(client: openai.OpenAI, guide: Plan) -> None:
    assert {model.id for model in client.models.list()} == {r.name for r in guide.routes if r.listed}


def test_embeddings_answer(client: openai.OpenAI) -> None:
    found = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    assert len(found.data) == 2


def test_the_table_and_the_address_are_printed(dry_run: Running) -> None:
    said = dry_run.said()
    assert f"{dry_run.base}/v1" in said
    assert "01-ai/yi-large" in said
    assert "试运行" in said


def test_all_that_is_said_is_in_the_language_that_was_asked_for(dry_run: Running) -> None:
    assert english_in(dry_run.said()) == []


def test_it_ends_with_the_address_and_without_litellms_own_list_and_colours(dry_run: Running) -> None:
    said = dry_run.said()
    assert said.index("正在启动 LiteLLM") < said.index(LISTENS[1])
    assert said.partition(LISTENS[1])[2] == f" {dry_run.base}/v1\n"
    assert said.count(LISTENS[1]) == 1
    assert not any(sign in said for sign in ("Set models", "\033", "\r"))


def test_a_process_that_loads_an_exported_file_by_itself_speaks_the_environments_language() -> None:
    script = "import one_adapter.runtime.callback, one_adapter.language as it; print(it.chosen())"
    done = litellm_forks.run(script, Path.cwd(), {**os.environ, "ONE_ADAPTER_LANG": "zh"})
    assert done.stdout.splitlines()[-1] == "zh", done.stderr


def test_the_master_key_of_the_environment_opens_what_manages_litellm(dry_run: Running) -> None:
    statuses = {}
    for key in (MASTER, GUIDE_KEY):
        request = urllib.request.Request(
            f"{dry_run.base}/model/info", headers={"Authorization": f"Bearer {key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                statuses[key] = answer.status
        except urllib.error.HTTPError as problem:
            statuses[key] = problem.code
    assert statuses == {MASTER: 200, GUIDE_KEY: 403}


CANARY = "cnry-7f3a91"


def canaries(base: str) -> dict[str, Any]:
    """A configuration in which everything that is a secret holds the canary."""

    def service(model: str, path: str, **more: Any) -> dict[str, Any]:
        credentials = {"api_key": f"sk-{CANARY}-{model}"}
        return {
            "models": [model],
            "enabled": True,
            "credentials": credentials,
            "server_url": f"{base}{path}",
            **more,
        }

    inside = base.replace("http://", f"http://user:{CANARY}-password@")
    return {
        "api_key": f"sk-{CANARY}-client",
        "services": {
            "openai": [
                service("fine", "/a/v1"),
                *(service(f"fail{code}", f"/fail{code}/v1") for code in (401, 429, 500)),
                service("dropped", "/drop/v1"),
                service("page", "/html/v1"),
                {**service("inside", ""), "server_url": f"{inside}/a/v1?api-key={CANARY}-query"},
            ],
            "dify": [service("app", "/v1")],
            "xinghuo": [
                {
                    **service("spark-max", "/spark"),
                    "server_url": f"{base.replace('http', 'ws', 1)}/spark",
                    "credentials": {
                        "appid": f"{CANARY}",
                        "api_key": f"{CANARY}-k",
                        "api_secret": f"{CANARY}-s",
                    },
                }
            ],
        },
    }


def ask(one: Running, key: str, body: bytes, path: str = "/v1/chat/completions") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(one.base + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, f"{answer.headers} {answer.read().decode()}"
    except urllib.error.HTTPError as problem:
        return problem.code, f"{problem.headers} {problem.read().decode()}"


def test_no_secret_shows_in_a_whole_run_with_errors_in_it(tmp_path: Path, vendor: Vendor) -> None:
    config = canaries(vendor.base)
    source = tmp_path / "config.json"
    source.write_text(json.dumps(config))
    key = config["api_key"]
    seen: list[str] = []
    with running(tmp_path, str(source)) as one:
        arguments = Path(f"/proc/{one.process.pid}/cmdline")
        if arguments.exists():
            seen.append(arguments.read_text())
        names = [model for kind in config["services"].values() for each in kind for model in each["models"]]
        statuses = {}
        for name in (*names, "random", "no-such-model"):
            for stream in (False, True):
                body = json.dumps({"model": name, "messages": HI, "stream": stream}).encode()
                statuses[name], text = ask(one, key, body)
                seen.append(text.replace("sk-***", ""))
        assert statuses["fine"] == 200
        assert statuses["fail429"] == 429
        assert statuses["no-such-model"] == 400
        assert ask(one, "sk-wrong", b"{}")[0] == 401
        seen.append(ask(one, key, b"not json")[1])
        seen.append(ask(one, key, b"{}", "/model/info")[1])
        files = [path for path in tmp_path.rglob("*") if path.is_file() and path not in (source, one.log)]
        seen += [path.read_text("utf-8", "replace") for path in files]
        assert files, "the proxy keeps its configuration in a file"
    seen.append(one.said())
    assert "Traceback" not in one.said()
    assert len(re.findall(r" 401 chat fail401 \(key SOA_CLIENT_KEY, service openai-\d\): .", one.said())) == 2
    assert any("key=***" in text for text in seen), "the vendor echoes the key it got, and nobody sees it"
    leaks = [line for text in seen for line in text.splitlines() if CANARY in line]
    assert leaks == []
