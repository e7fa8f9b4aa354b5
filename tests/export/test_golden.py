"""Each service type, and each feature of an exported file, as a pair of files a person can read.

With ONE_ADAPTER_UPDATE_GOLDEN=1 the expected files are written anew: read what changed before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from one_adapter.config import defaults
from one_adapter.config.document import load
from one_adapter.config.reading import read_gateway
from one_adapter.export.proxy_config import proxy_config
from one_adapter.export.secrets import dotenv, remarks_of, secrets_of
from one_adapter.plan.build import decide

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
PAIRS = sorted(GOLDEN.glob("*.json"))


def exported(source: Path, *, pure: bool = False) -> str:
    """The exported file, and below it, as comments, the `.env` beside it."""
    document = load(str(source))
    plan = decide(document)
    secrets = secrets_of(read_gateway(document), plan)
    env = dotenv(secrets.values, remarks_of(secrets.to_create, secrets.to_fill))
    return (
        proxy_config(plan, secrets, pure)
        + "\n# .env\n"
        + "".join(f"#   {line}\n" for line in env.splitlines())
    )


@pytest.mark.parametrize("source", PAIRS, ids=lambda path: path.stem)
def test_a_configuration_becomes_the_file_beside_it(source: Path) -> None:
    expected = source.with_suffix(".yaml")
    found = exported(source)
    if os.environ.get("ONE_ADAPTER_UPDATE_GOLDEN") == "1":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_stock_litellm_alone_gets_the_file_beside_it() -> None:
    expected = GOLDEN / "limits.pure.yaml"
    found = exported(GOLDEN / "limits.json", pure=True)
    if os.environ.get("ONE_ADAPTER_UPDATE_GOLDEN") == "1":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_every_service_type_has_a_pair() -> None:
    assert set(defaults.SERVICE_TYPES) <= {path.stem for path in PAIRS}


def test_no_expected_file_is_left_over() -> None:
    expected = {path.name.split(".")[0] for path in GOLDEN.glob("*.yaml")}
    assert expected == {path.stem for path in PAIRS}
