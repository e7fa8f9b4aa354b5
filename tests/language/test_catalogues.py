"""Every text has its translation, every translation its text."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "languages.py"


@cache
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("languages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def texts() -> dict[str, object]:
    found: dict[str, object] = script().texts()
    return found


@pytest.mark.parametrize("domain", sorted({*script().DOMAINS, *script().GATHERED}))
def test_a_catalogue_is_fresh_whole_and_compiled(domain: str) -> None:
    assert list(script().faults(domain, texts()[domain])) == []


def test_every_text_that_is_marked_is_a_literal() -> None:
    assert list(script().unmarked()) == []


def test_every_catalogue_belongs_to_a_domain() -> None:
    names = {path.stem for path in script().CATALOGUES.glob("*.[pm]o")}
    assert names <= set(texts())


def test_a_text_means_the_same_wherever_it_stands() -> None:
    said: dict[object, set[object]] = {}
    for domain in script().DOMAINS:
        for message in script().merged(texts()[domain], script().CATALOGUES / f"{domain}.po"):
            if message.id:
                said.setdefault(str(message.id), set()).add(str(message.string))
    assert {text: ways for text, ways in said.items() if len(ways) > 1} == {}


@pytest.mark.parametrize(
    ("translation", "fault"),
    [(None, "has no translation of"), ("{other} 没有", "fills in other values"), ("{name} 没有", "")],
)
def test_what_is_missing_or_wrong_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, translation: str | None, fault: str
) -> None:
    monkeypatch.setattr(script(), "CATALOGUES", tmp_path)
    template, stored = script()._empty(), script()._empty()
    template.add("{name} has none")
    stored.add("{name} has none", translation)
    for suffix, content in zip((".po", ".mo"), script().written(stored), strict=True):
        (tmp_path / f"lint{suffix}").write_bytes(content)
    found = list(script().faults("lint", template))
    assert [one for one in found if fault in one] == found
    assert bool(found) == bool(fault)


def test_what_the_code_lacks_is_dropped_and_stale_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script(), "CATALOGUES", tmp_path)
    template, stored = script()._empty(), script()._empty()
    template.add("new")
    stored.add("old", "旧")
    (tmp_path / "lint.po").write_bytes(script().written(stored)[0])
    assert [one.id for one in script().merged(template, tmp_path / "lint.po") if one.id] == ["new"]
    assert any("stale" in one for one in script().faults("lint", template))


def translations() -> Iterator[tuple[str, str, str]]:
    """Domain, text and translation of everything there is."""
    for path in sorted(script().CATALOGUES.glob("*.po")):
        for message in script()._read(path):
            if message.id:
                text = message.id if isinstance(message.id, str) else message.id[0]
                said = message.string if isinstance(message.string, str) else message.string[0]
                yield path.stem, text, said


def test_chinese_and_latin_letters_have_a_blank_between_them() -> None:
    touching = re.compile("[\u4e00-\u9fff][A-Za-z0-9`]|[A-Za-z0-9`][\u4e00-\u9fff]")
    assert [said for _, _, said in translations() if touching.search(said)] == []


def test_a_text_that_two_rooms_have_is_said_alike_in_both() -> None:
    seen: dict[str, set[str]] = {}
    for domain, text, said in translations():
        if not domain.endswith(("rules", "help", "click")):
            seen.setdefault(text, set()).add(said)
    assert {text: said for text, said in seen.items() if len(said) > 1} == {}
