"""Writes the linter's tables of LiteLLM's names out of installed versions.

`python docs/litellm_tables.py PYTHON…` asks the LiteLLM of each Python, the oldest first, and writes
`one_adapter/lint/litellm/data/`. `--check` holds the files to the LiteLLM that is installed here. `--older
WHEEL…`, before it, keeps the models of older versions, so that those which vendors have ended are remembered.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "one_adapter" / "lint" / "litellm" / "data"
#: Ids that price maps of older versions had.
_OLDER = Path(__file__).with_name("litellm_older.json")
#: Providers whose ids are their own, and go when the model goes; others' come and go with a catalogue.
_OWN_IDS = (
    "anthropic",
    "bedrock",
    "bedrock_converse",
    "cerebras",
    "cohere",
    "cohere_chat",
    "deepseek",
    "gemini",
    "groq",
    "mistral",
    "moonshot",
    "openai",
    "palm",
    "perplexity",
    "xai",
)

Facts = Mapping[str, Any]


def minor(version: str) -> str:
    """The version as the linter names it.

    >>> minor("1.110.2")
    '1.110'
    """
    return ".".join(version.split(".")[:2])


def ask(python: str) -> Facts:
    """What the LiteLLM of a Python knows; a file ending in .json holds the answer already."""
    if python.endswith(".json"):
        kept: Facts = json.loads(Path(python).read_text(encoding="utf-8"))
        return kept
    done = subprocess.run(
        [python, str(Path(__file__).with_name("litellm_facts.py"))], capture_output=True, check=True
    )
    told: Facts = json.loads(done.stdout)
    return told


def bounds(known: Sequence[bool], versions: Sequence[str]) -> tuple[str, str]:
    """Since when and until when a name is known; gaps count as known.

    >>> bounds([False, True, True], ["1", "2", "3"])
    ('2', '')
    """
    first = known.index(True)
    last = len(known) - 1 - known[::-1].index(True)
    return versions[first] if first else "", versions[last] if last < len(known) - 1 else ""


def merged_keys(all_facts: Sequence[Facts], versions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Every table as a union; a key's type is that of the newest version which knows it."""
    tables: dict[str, dict[str, Any]] = {}
    for table in _names(facts["keys"] for facts in all_facts):
        each = [facts["keys"].get(table, {}) for facts in all_facts]
        for name in _names(each):
            since, until = bounds([name in keys for keys in each], versions)
            key = next(keys[name] for keys in reversed(each) if name in keys)
            said = {**key, **({"since": since} if since else {}), **({"until": until} if until else {})}
            tables.setdefault(table, {})[name] = said
    for table, keys in by_hand()["types"].items():
        for name, said in keys.items():
            tables[table][name] = {**tables[table].get(name, {}), **said}
    return tables


def by_hand() -> dict[str, Any]:
    """What no source of LiteLLM tells: types of keys that it only reads, and a word about those met most."""
    told: dict[str, Any] = json.loads(Path(__file__).with_name("litellm_by_hand.json").read_text("utf-8"))
    return told


def gaps(all_facts: Sequence[Facts], versions: Sequence[str]) -> dict[str, list[str]]:
    """What a version lacks and both older and newer ones have: the tables say that it has it."""
    found: dict[str, list[str]] = {}
    for table in _names(facts["keys"] for facts in all_facts):
        each = [facts["keys"].get(table, {}) for facts in all_facts]
        for name in _names(each):
            known = [name in keys for keys in each]
            last = len(known) - 1 - known[::-1].index(True)
            for at in range(known.index(True), last):
                if not known[at]:
                    found.setdefault(versions[at], []).append(f"{table}: {name}")
    return found


def merged_words(each: Sequence[Mapping[str, Sequence[str]]], versions: Sequence[str]) -> dict[str, Any]:
    """Lists of words, each by the versions that know it: `since-until`, either of them empty."""
    found: dict[str, Any] = {}
    for name in _names(each):
        spans: dict[str, list[str]] = {}
        lists = [one.get(name, ()) for one in each]
        sets = [set(one) for one in lists]
        for word in _names(lists):
            spans.setdefault("-".join(bounds([word in one for one in sets], versions)), []).append(word)
        found[name] = dict(sorted(spans.items()))
    return found


def merged_models(all_facts: Sequence[Facts], versions: Sequence[str]) -> dict[str, Any]:
    """The models: bare names by provider, days of their end, and ids that are gone."""
    each = [facts["models"] for facts in all_facts]
    older = json.loads(_OLDER.read_text(encoding="utf-8")) if _OLDER.exists() else []
    ids = [set(one["ids"]) for one in each]
    gone = dict.fromkeys(sorted(set(older) - set().union(*ids)), "")
    for name in sorted(set().union(*ids)):
        until = bounds([name in one for one in ids], versions)[1]
        if until:
            gone[name] = until
    ends: dict[str, str] = {}
    for one in each:
        ends |= one["ends"]
    bare = merged_bare([one["bare"] for one in each], versions)
    return {"bare": bare, "ends": dict(sorted(ends.items())), "gone": gone}


def merged_bare(each: Sequence[Mapping[str, Sequence[str]]], versions: Sequence[str]) -> dict[str, Any]:
    """Names without a prefix by the provider that LiteLLM takes for them."""
    return dict(sorted(merged_words(each, versions).items()))


def _names(parts: Iterable[Iterable[str]]) -> list[str]:
    return sorted({name for part in parts for name in part})


def written(value: Any) -> str:
    """A table as it is kept: a line a name would be read by nobody, a line a table can be compared."""
    lines = []
    for part, held in value.items():
        if isinstance(held, dict):
            inner = ",\n".join(f"{json.dumps(name)}:{_compact(one)}" for name, one in held.items())
            lines.append(f"{json.dumps(part)}:{{\n{inner}\n}}")
        else:
            lines.append(f"{json.dumps(part)}:{_compact(held)}")
    return "{" + ",\n".join(lines) + "}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(all_facts: Sequence[Facts]) -> None:
    """Write every table of these versions, the oldest first."""
    versions = [minor(facts["version"]) for facts in all_facts]
    keys = {
        "versions": {minor(facts["version"]): facts["version"] for facts in all_facts},
        "keys": merged_keys(all_facts, versions),
        "words": merged_words([facts["words"] for facts in all_facts], versions),
        "gaps": gaps(all_facts, versions),
    }
    DATA.mkdir(exist_ok=True)
    (DATA / "keys.json").write_text(written(keys), encoding="utf-8")
    (DATA / "models.json").write_text(written(merged_models(all_facts, versions)), encoding="utf-8")


def differences(facts: Facts) -> list[str]:
    """What the tables say otherwise than one installed version; nothing for a version there are none of."""
    from one_adapter.lint.litellm.tables import VERSIONS, tables

    version = minor(facts["version"])
    if version not in VERSIONS:
        return [f"there are no tables of LiteLLM {version}"]
    known = tables(version)
    found = []
    hand = by_hand()["types"]
    for table, keys in facts["keys"].items():
        keys = {*keys, *hand.get(table, ())}
        found += [f"{table}: {name}" for name in sorted(set(keys) ^ set(known.keys(table)))]
    lacking = json.loads((DATA / "keys.json").read_text(encoding="utf-8"))["gaps"].get(version, ())
    found = [one for one in found if one not in lacking]
    for name, listed in facts["words"].items():
        found += [f"{name}: {word}" for word in sorted(set(listed) ^ set(known.words(name)))]
    return found


def older(wheels: Sequence[str]) -> list[str]:
    """The ids in the price maps of older versions' wheels."""
    found: set[str] = set()
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            name = next(one for one in archive.namelist() if one.endswith("_context_window_backup.json"))
            prices: dict[str, Mapping[str, Any]] = json.loads(archive.read(name))
        found |= {
            model
            for model, said in prices.items()
            if (provider := str(said.get("litellm_provider", ""))) in _OWN_IDS
            or provider.startswith("vertex_ai")
        }
    return sorted(found)


def main(arguments: Sequence[str]) -> int:
    """Write the tables, or check them; the exit code."""
    if arguments[:1] == ["--older"]:
        _OLDER.write_text(json.dumps(older(arguments[1:]), indent=0) + "\n", encoding="utf-8")
        return 0
    if list(arguments) != ["--check"]:
        write([ask(python) for python in arguments])
        return 0
    found = differences(ask(sys.executable))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
