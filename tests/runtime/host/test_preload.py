"""What the first requests would wait for is there once the start is over."""

from __future__ import annotations

import subprocess
import sys

import pytest

from one_adapter.runtime.host.preload import MODELS, MODULES

pytestmark = pytest.mark.proxy
PROGRAM = """
import sys
from pydoc import locate
from litellm.proxy import proxy_server
from one_adapter.runtime.host.preload import MODELS, modules, preload
preload(proxy_server.app)
print(*(name for name in modules() if name not in sys.modules))
print(*(name for name in MODELS if not locate(name).__pydantic_complete__))
"""


def test_every_module_is_loaded_and_every_model_built() -> None:
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
    )
    assert MODULES
    assert MODELS
    assert done.stdout == "\n\n"


def test_what_a_version_does_not_have_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi import FastAPI

    from one_adapter.runtime.host import preload

    monkeypatch.setattr(preload, "MODULES", ("litellm.no_such_module",))
    monkeypatch.setattr(preload, "MODELS", ("litellm.types.utils.NoSuchModel", "litellm.nowhere.Model"))
    app = FastAPI()
    before = len(app.router.routes)
    preload.preload(app)
    assert len(app.router.routes) >= before
