"""Each service type, and each feature of an exported file, as a pair of files a person can read.

With ONE_ADAPTER_UPDATE_GOLDEN=1 the expected files are written anew: read what changed before committing it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from one_adapter.config import defaults
from one_adapter.config.document import load
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import CURRENT, V0_10, V0_12, Dialect
from one_adapter.export.explain.as_text import explain_json
from one_adapter.export.litellm.prices import shipped
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import dotenv, remarks_of, secrets_of
from one_adapter.plan.build import decide
from one_adapter.plan.vendors import Options

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
PAIRS = sorted(GOLDEN.glob("*.json"))
EXAMPLES = [*sorted((ROOT / "examples").glob("*.json")), *PAIRS]


def exported(source: Path, *, pure: bool = False, gateway: Dialect = CURRENT) -> str:
    """The exported file, and below it, as comments, the `.env` beside it."""
    document = load(str(source))
    plan = decide(document, Options(gateway=gateway))
    secrets = secrets_of(read_gateway(document, gateway), plan)
    env = dotenv(secrets.values, remarks_of(secrets.to_create, secrets.to_fill))
    return (
        proxy_config(plan, secrets, pure, prices=shipped())
        + "\n# .env\n"
        + "".join(f"#   {line}\n" for line in env.splitlines())
    )


def hold(expected: Path, found: str) -> None:
    """Compare with an expected file, or write it anew."""
    if os.environ.get("ONE_ADAPTER_UPDATE_GOLDEN") == "1":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("source", PAIRS, ids=lambda path: path.stem)
def test_a_configuration_becomes_the_file_beside_it(source: Path) -> None:
    hold(source.with_suffix(".yaml"), exported(source))


@pytest.mark.parametrize("name", ["limits", "pools"])
def test_stock_litellm_alone_gets_the_file_beside_it(name: str) -> None:
    hold(GOLDEN / f"{name}.pure.yaml", exported(GOLDEN / f"{name}.json", pure=True))


@pytest.mark.parametrize("name", ["limits", "pools", "spare"])
def test_for_the_gateway_before_it_becomes_another_file(name: str) -> None:
    hold(GOLDEN / f"{name}.0.10.yaml", exported(GOLDEN / f"{name}.json", gateway=V0_10))


def parted(path: str, old: Any, new: Any) -> Iterator[str]:
    """Where two plans differ, a line each: the place, what 0.10 has there, what 0.12 has."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from parted(f"{path}/{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from parted(f"{path}/{index}", *pair)
    elif old != new:
        yield f"  {path[1:]}: {json.dumps(old)} -> {json.dumps(new)}"


def test_where_the_gateways_part_on_every_example_is_told_in_one_file() -> None:
    lines = []
    for source in EXAMPLES:
        document = load(str(source))
        old, new = (
            explain_json(decide(document, Options(gateway=version)), []) for version in (V0_10, V0_12)
        )
        lines += [f"{source.parent.name}/{source.name}", *parted("", old, new)]
    hold(GOLDEN / "gateways.txt", "\n".join(lines) + "\n")


def test_every_service_type_has_a_pair() -> None:
    assert set(defaults.SERVICE_TYPES) <= {path.stem for path in PAIRS}


def test_no_expected_file_is_left_over() -> None:
    expected = {path.name.split(".")[0] for path in GOLDEN.glob("*.yaml")}
    assert expected == {path.stem for path in PAIRS}
