"""One change to a good file, and the judge refuses it exactly where the gateway's checks do.

Usage for large numbers: PYTHONPATH=tests python tests/lint/test_lint_mutants.py NUMBER [SEED] [FOLDER]
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from gateway_decoder import LIMIT, Obj, Raw, accepts, structs

from one_adapter.config.document import parse
from one_adapter.dialect import DIALECTS
from one_adapter.lint import judge, refused
from one_adapter.lint.pages import EXAMPLES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
#: What nobody refuses.
GOOD = (
    "examples/*.json",
    "tests/golden/*.json",
    "one_adapter/lint/examples/*/good.json",
    "one_adapter/lint/examples/SOA[35]*/bad.json",
    "one_adapter/lint/examples/SOA4[01]*/bad.json",
)
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 5, 0.5, 1.5, 30.0, -0.5, 3651, 1 << 63, Raw("1e400"),
    "", " ", "text", "yes", "true", "5", " RR ", "a/b", "key-2", "openai-1", "m", "auto", "Responses",
    "https://h.example/v1", "ws://h", "://x", "http://", "http://a b/", ":8080", "socks5", "all",
    [], [None], ["m"], [5], [[]], [Obj()], [Obj(), None], Obj(), Obj([("m", None)]), Obj([("", Obj())]),
    Obj([("m", Obj([("rpm", -1)]))]), Obj([("m", Obj([("QPS", "2")]))]), Obj([("qps", 2)]),
    Obj([("rpm", -1)]), Obj([("TPM", -1.5)]), Obj([("timeout", 30.0)]),
    Obj([("openai", [Obj([("models", ["m"])])])]),
]  # fmt: skip


KEY = {"id": str, "name": str, "enabled": bool, "limit": LIMIT, "model_limits": {"*": LIMIT}, "api_key": str}
WHOLE = structs(newer=True)


def spellings(name: str) -> list[str]:
    return [name, name, name.upper(), name.title()]


def tree(value: Any) -> Any:
    """A parsed JSON value with its objects as `Obj`."""
    if isinstance(value, dict):
        return Obj((key, tree(inner)) for key, inner in value.items())
    return [tree(inner) for inner in value] if isinstance(value, list) else value


def text_of(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Obj):
        pairs = ", ".join(f"{json.dumps(key)}: {text_of(inner)}" for key, inner in value)
        return f"{{{pairs}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(text_of, value))}]"
    return json.dumps(value)


def places(value: Any, kind: Any) -> Iterator[tuple[Any, list[str]]]:
    """Every object and list of a tree, with the names of the fields that are known there."""
    kind = KEY if kind == {"*": None} else kind
    known = kind if isinstance(kind, dict) and "*" not in kind else {}
    if isinstance(value, Obj):
        yield value, [name for name in known if name]
        for key, inner in value:
            yield from places(inner, kind.get(key, kind.get("*")) if isinstance(kind, dict) else None)
    elif isinstance(value, list):
        yield value, []
        for inner in value:
            yield from places(inner, kind[0] if isinstance(kind, list) else None)


def mutant(good: Any, dice: random.Random) -> Any:
    """A copy of a tree with one thing changed."""
    made = tree(json.loads(text_of(good)))
    found = [one for one in places(made, WHOLE) if one[0]] or [(made, [])]
    where, known = dice.choice(dice.choice([found, [one for one in found if one[1]] or found]))
    value = dice.choice(VALUES)
    at = dice.randrange(len(where)) if where else 0
    if isinstance(where, Obj):
        key, inner = where[at] if where else ("", None)
        change = dice.randrange(6)
        if change == 0:
            where[at : at + 1] = []
        elif change == 1:
            name = dice.choice(known or [*WHOLE, *KEY])
            where.insert(dice.randint(0, len(where)), (dice.choice(spellings(name)), value))
        elif change == 2:
            where.insert(dice.randint(0, len(where)), (dice.choice(spellings(key)), value))
        elif change == 3:
            where[at] = (dice.choice(spellings(dice.choice([key, *known]))), inner)
        else:
            where[at] = (key, value)
    else:
        change = dice.randrange(4)
        if change == 0:
            where[at : at + 1] = []
        elif change == 1:
            where.insert(at, dice.choice(where) if where else value)
        elif change == 2:
            where.insert(at, value)
        else:
            where[at : at + 1] = [value]
    return made


def seeds(folder: Path | None = None) -> list[Any]:
    """Good configurations, of a folder or of this project."""
    paths = folder.glob("*.json") if folder else (path for one in GOOD for path in ROOT.glob(one))
    read = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(paths)]
    found = [one.get("config", one) for one in read if isinstance(one, dict)]
    return [tree(one) for one in found if isinstance(one, dict) and "services" in one]


def disagreements(number: int, seed: int, folder: Path | None = None) -> Iterator[str]:
    """Of the first `number` mutants of a seed those that we judge otherwise than the gateway."""
    dice, good = random.Random(seed), seeds(folder)
    # Half of them where keys are a pool: most checks are about those.
    pools = [one for one in good if "credential_list" in text_of(one)]
    for _ in range(number):
        made = mutant(dice.choice(dice.choice([good, pools])), dice)
        form = dice.choice(["json", "json", "yaml"])
        version, dialect = dice.choice(list(DIALECTS.items()))
        text = text_of(made)
        ours = not refused(judge(parse(text.encode(), f"config.{form}"), dialect))
        if ours != accepts(made, form, dialect.pools):
            yield f"{version} {form} {'taken' if ours else 'refused'} by us: {text}"


@pytest.mark.parametrize("seed", range(4))
def test_the_judge_agrees_with_the_gateway_about_files_with_one_thing_changed(seed: int) -> None:
    assert list(disagreements(500, seed)) == []


def test_the_gateways_checks_take_the_good_files_and_refuse_the_bad() -> None:
    for form, newer in product(("json", "yaml"), (True, False)):
        assert all(accepts(one, form, newer) for one in seeds())
    for path in sorted(EXAMPLES.glob("SOA2*/bad.json")):
        assert not accepts(tree(json.loads(path.read_text(encoding="utf-8"))), "json", newer=True), path


if __name__ == "__main__":
    count, seed, *folder = sys.argv[1:] + ["0"] * (3 - len(sys.argv))
    wrong = list(disagreements(int(count), int(seed), Path(folder[0]) if folder else None))
    print(*wrong, f"{len(wrong)} of {count}", sep="\n")
    sys.exit(bool(wrong))
