"""LiteLLM's own validator takes every exported file, with as many models as the plan has deployments."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from litellm_forks import unmeasured

from one_adapter.config.document import load
from one_adapter.config.reading import read_gateway
from one_adapter.contract import HANDLERS
from one_adapter.export.litellm.groups import groups_of
from one_adapter.export.litellm.prices import shipped
from one_adapter.export.litellm.proxy_config import environment, proxy_config
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.plan.build import decide

pytestmark = pytest.mark.proxy
ROOT = Path(__file__).resolve().parents[3]
SOURCES = [*sorted((ROOT / "tests" / "golden").glob("*.json")), *sorted((ROOT / "examples").glob("*.json"))]
#: What `litellm --validate_config` does, for each file with its environment; LiteLLM is imported once.
VALIDATE = """
import contextlib, io, json, os, sys
from click.exceptions import Exit
from litellm.proxy.proxy_cli import ProxyInitializationHelpers
for path in json.load(sys.stdin):
    with open(path + ".env.json", encoding="utf-8") as file:
        variables = json.load(file)
    os.environ.update(variables)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        with contextlib.suppress(Exit):
            ProxyInitializationHelpers.run_config_validation(path)
    for name in variables:
        del os.environ[name]
    print("told", json.dumps([path, said.getvalue()]))
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file as LiteLLM gets it, and how many deployments the plan has for it."""

    path: Path
    deployments: int


def export(source: Path, folder: Path, *, pure: bool) -> Exported:
    document = load(str(source))
    plan = decide(document)
    secrets = secrets_of(read_gateway(document), plan)
    path = folder / f"{source.stem}{'.pure' if pure else ''}.yaml"
    path.write_text(proxy_config(plan, secrets, pure, prices=shipped()), encoding="utf-8")
    variables = environment(secrets, "sk-a-master-key-of-some-length")
    Path(f"{path}.env.json").write_text(json.dumps(dict(variables)), encoding="utf-8")
    targets = [target for group in groups_of(plan) for target in group.targets]
    count = sum(not (pure and target.upstream.provider in HANDLERS) for target in targets)
    return Exported(path, count)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Each file's name -> the number of deployments, and what LiteLLM said about it."""
    folder = tmp_path_factory.mktemp("exported")
    files = [export(source, folder, pure=pure) for source in SOURCES for pure in (False, True)]
    clean = {name: value for name, value in unmeasured().items() if not name.startswith(("SOA_", "OPENAI_"))}
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE],
        input=json.dumps([str(file.path) for file in files]),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**clean, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONIOENCODING": "utf-8"},
    )
    assert "custom pricing" not in done.stderr, done.stderr[:2000]
    lines = [line.removeprefix("told ") for line in done.stdout.splitlines() if line.startswith("told ")]
    said = dict(json.loads(line) for line in lines)
    return {file.path.name: (file.deployments, said[str(file.path)]) for file in files}


NAMES = [f"{source.stem}{kind}" for source in SOURCES for kind in (".yaml", ".pure.yaml")]


@pytest.mark.parametrize("name", NAMES)
def test_litellm_loads_every_deployment(name: str, told: dict[str, tuple[int, str]]) -> None:
    count, said = told[name]
    assert f"LiteLLM: config OK ({count} models)" in said
    assert "rror" not in said.replace("LiteLLM: config OK", "")
