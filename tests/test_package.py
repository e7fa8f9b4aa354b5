"""The package keeps to its own plan: arrows between the parts, version, documentation, files that ship."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import one_adapter
from one_adapter.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "one_adapter"
README = ROOT / "README.md"
CHINESE_README = ROOT / "README.zh-CN.md"
EXAMPLES = sorted((ROOT / "examples").glob("*.json"))

# part -> the parts it may import; `errors`, `contract`, `dialect` and `language` are open to all but the
# providers.
ARROWS = {
    "language": set(),
    "errors": {"language"},
    "contract": set(),
    "dialect": set(),
    "config": {"errors", "dialect", "language"},
    "finding": {"config", "language"},
    "vendors": {"config", "errors", "language"},
    "plan": {"vendors", "config", "errors", "dialect", "language"},
    "lint": {"finding", "config", "vendors", "plan", "errors", "dialect", "language"},
    "export": {"finding", "plan", "vendors", "config", "errors", "contract", "dialect", "language"},
    "verify": {"plan", "config", "vendors", "export", "runtime", "errors", "contract", "dialect", "language"},
    "runtime": {"plan", "errors", "contract", "dialect", "language"},
    "doctor": {"plan", "runtime", "errors", "language"},
    "providers": set(),
    "commands": {
        "finding",
        "lint",
        "export",
        "runtime",
        "verify",
        "doctor",
        "plan",
        "config",
        "errors",
        "contract",
        "dialect",
        "language",
    },
    "cli": {"commands", "errors", "language"},
}
# Room of the runtime -> the rooms it may import; the two addresses are what exported files name.
RUNTIME = "one_adapter.runtime"
ROOMS = {
    "announcing": set(),
    "json_object": set(),
    "redaction": set(),
    "gateway": {"json_object"},
    "record": {"gateway", "redaction"},
    "entry": {"gateway", "record", "json_object", "redaction"},
    "shared": {"gateway"},
    "upstream": {"gateway", "json_object", "redaction"},
    "relay": {"entry", "upstream", "gateway", "json_object", "redaction"},
    "dryrun": {"json_object"},
    "reload": set(),
    "workers": {"reload"},
    "host": {
        *("relay", "entry", "upstream", "gateway", "record", "dryrun", "reload", "shared", "workers"),
        *("announcing", "json_object", "redaction"),
    },
    "callback": {"host"},
    "access": {"host"},
}
LINT_ROOMS = {
    "finding": set(),
    "kinds": set(),
    "inputs": {"kinds"},
    "go": set(),
    "schema": {"go"},
    "variables": set(),
    "fixes": set(),
    "moving": {"fixes"},
    "fixing": {"fixes", "moving", "output"},
    "context": {"go", "finding"},
    "entries": {"context", "go"},
    "keys": {"context", "go"},
    "hints": {"context", "finding"},
    "rule": {"context", "finding"},
    "rules": {"rule", "context", "finding", "entries", "keys", "hints", "schema", "go"},
    "catalogue": {"rules", "rule", "context", "finding"},
    "all_rules": {"catalogue", "kinds", "litellm"},
    "selection": {"all_rules", "finding"},
    "output": {"catalogue", "all_rules", "kinds", "rule", "finding"},
    "judging": {"output", "catalogue", "kinds", "litellm", "finding"},
    "pages": {"output", "catalogue", "all_rules", "litellm", "rule"},
    "litellm": {"rule", "finding", "hints", "kinds"},
}
LITELLM_ROOMS = {
    "tables": set(),
    "merging": set(),
    "schema": set(),
    "context": {"merging", "tables"},
    "rule": {"context"},
    "hints": set(),
    "fitting": {"tables"},
    "walking": {"context"},
    "rules": {"rule", "context", "tables", "hints", "fitting", "walking"},
    "catalogue": {"rules", "rule", "context", "merging"},
}
EXPORT_ROOMS = {
    "files": set(),
    "table": set(),
    "formatting": set(),
    "yaml_writer": set(),
    "secrets": {"yaml_writer"},
    "litellm": {"secrets", "yaml_writer"},
    "pure": {"litellm", "secrets"},
    "explain": {"secrets", "table"},
    "page": {"formatting"},
    "deploy": {"files", "secrets", "yaml_writer"},
    "report": {"page", "pure", "litellm", "secrets", "formatting"},
}
VERIFY_ROOMS = {
    "deadline": set(),
    "options": set(),
    "result": set(),
    "values": set(),
    "vocabulary": set(),
    "output": {"result", "vocabulary"},
    "servers": {"known_differences", "deadline", "options", "result", "vocabulary"},
    "playing": {"deadline", "options", "result"},
    "known_differences": {"playing"},
    "old_program": {"known_differences", "playing", "result", "vocabulary"},
    "credentials": {"servers", "playing", "deadline", "options", "result", "vocabulary"},
    "exported": {"values", "options", "result"},
    "configuration": {"old_program", "playing", "options", "result"},
}
ALL_ROOMS = {
    RUNTIME: ROOMS,
    "one_adapter.lint": LINT_ROOMS,
    "one_adapter.lint.litellm": LITELLM_ROOMS,
    "one_adapter.export": EXPORT_ROOMS,
    "one_adapter.verify": VERIFY_ROOMS,
}
MAY_IMPORT_LITELLM = ("one_adapter.runtime.host.", "one_adapter.providers.")
#: Lines of a file, and of a function, beyond which it is two ideas.
FILE_LINES, FUNCTION_LINES = 320, 45


def modules() -> dict[str, Path]:
    """Full name -> file of every module of the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything in a module but what stands under `if TYPE_CHECKING`."""
    yield tree
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for other in node.orelse:
                yield from run_time(other)
        else:
            yield from run_time(node)


@cache
def tree_of(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The full names of the modules that a file imports, wherever in it, for anything but types."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    own = path.relative_to(ROOT).with_suffix("").parts
    for node in run_time(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(own[: len(own) - node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def under(name: str, package: str) -> str:
    """The part of `package` that a module belongs to, "" for the package itself and for strangers."""
    return name[len(package) + 1 :].split(".")[0] if name.startswith(f"{package}.") else ""


def strangers(name: str, package: str, arrows: dict[str, set[str]]) -> set[str]:
    """The parts of `package` that a module imports and may not."""
    part = under(name, package)
    assert part in arrows, f"{part} has no place in the plan"
    return {under(one, package) for one in imports(MODULES[name])} - {"", "__version__", part, *arrows[part]}


#: Parts that all but the providers may import, and what a sentence says of them once.
OPEN_TO_ALL = {"errors", "contract", "dialect", "language"}


def test_the_table_for_contributors_has_the_same_arrows() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|$", page, re.MULTILINE)
    told = {part: set(re.findall(r"`(\w+)`", arrows)) for part, arrows in rows}
    assert told == {part: arrows - OPEN_TO_ALL for part, arrows in ARROWS.items() if part not in OPEN_TO_ALL}
    assert {part for part, arrows in rows if "LiteLLM" in arrows} == {"runtime", "providers"}
    assert all(f"`{part}`" in page for part in OPEN_TO_ALL)


def parts_of(package: str) -> list[str]:
    return [name for name in MODULES if under(name, package) and not under(name, package).startswith("__")]


def test_no_two_modules_of_tests_have_one_name() -> None:
    """Pytest takes them for one, and stops before the first test."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(("package", "arrows"), [("one_adapter", ARROWS), *ALL_ROOMS.items()])
def test_a_module_imports_only_what_lies_below_it(package: str, arrows: dict[str, set[str]]) -> None:
    found = {name: strangers(name, package, arrows) for name in parts_of(package)}
    assert {name: those for name, those in found.items() if those} == {}


def test_litellm_is_imported_in_one_room_and_by_the_vendors_adapters_only() -> None:
    heavy = {name for name in MODULES if "litellm" in {one.split(".")[0] for one in imports(MODULES[name])}}
    assert [name for name in heavy if not f"{name}.".startswith(MAY_IMPORT_LITELLM)] == []


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One way that leads back to where it began; nothing where there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for one in sorted(graph[name]):
            found = walk(one, [*way, name])
            if found:
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


@pytest.mark.parametrize("part", ARROWS)
def test_no_module_of_a_part_imports_itself_by_a_detour(part: str) -> None:
    # A package's own `__init__` holds its name, and is no step of the way.
    names = {
        name
        for name, path in MODULES.items()
        if under(name, "one_adapter") == part and path.name != "__init__.py"
    }
    assert circle({name: names.intersection(imports(MODULES[name])) for name in names}) == []


def test_a_circle_is_found_where_there_is_one() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(function: Function) -> int:
    """The lines of a function; of a command, which has an option a line, those of its body."""
    first = function.lineno
    if any("command" in ast.unparse(one) for one in function.decorator_list):
        first = function.body[bool(ast.get_docstring(function))].lineno
    return (function.end_lineno or 0) - first + 1


def test_a_file_and_a_function_in_it_is_one_idea() -> None:
    files = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: lines for name, lines in files.items() if lines > FILE_LINES} == {}
    functions = {
        f"{name}.{one.name}": lines_of(one)
        for name, path in MODULES.items()
        for one in ast.walk(tree_of(path))
        if isinstance(one, Function)
    }
    assert {name: lines for name, lines in functions.items() if lines > FUNCTION_LINES} == {}


def documented() -> Iterator[tuple[str, str]]:
    """Every function that has a docstring, with that."""
    for name, path in MODULES.items():
        for one in ast.walk(tree_of(path)):
            if isinstance(one, Function) and (text := ast.get_docstring(one)):
                yield f"{name}.{one.name}", text


def test_a_docstring_names_what_comes_back_and_does_not_say_that_it_does() -> None:
    verbose = re.compile(r"(Returns?|Gets?|Yields?|Tells? whether|Checks? whether)\b")
    assert [one for one, text in documented() if verbose.match(text)] == []


#: What a constant's name says of its unit.
UNIT = re.compile("SECONDS|BYTES|CHARACTERS|COLUMNS|DIGITS|LINES|DAYS|POINTS")


def is_number(value: ast.expr | None) -> bool:
    """Whether an expression is a number written down, or several in a tuple."""
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(map(is_number, value.elts))
    if isinstance(value, ast.BinOp):
        return is_number(value.left) and is_number(value.right)
    return isinstance(value, ast.Constant) and type(value.value) in (int, float)


def bare_numbers(path: Path) -> Iterator[str]:
    """Numbers at the top of a module whose unit neither their name nor a remark on their lines tells."""
    lines = path.read_text(encoding="utf-8").splitlines()
    last, remarked = 0, False
    for node in tree_of(path).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            remarked = lines[node.lineno - 2].startswith("#") or (remarked and node.lineno == last + 1)
            last = node.end_lineno or 0
            target = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            told = remarked or "#" in lines[node.lineno - 1] or UNIT.search(target)
            if is_number(node.value) and not told:
                yield target


def test_a_number_says_what_it_counts() -> None:
    assert [(name, one) for name, path in MODULES.items() for one in bare_numbers(path)] == []


def test_a_list_of_words_is_one_list_and_not_several_unpacked_into_one() -> None:
    starred = [
        (name, one.value)
        for name, path in MODULES.items()
        for one in ast.walk(tree_of(path))
        if isinstance(one, ast.Starred)
    ]
    assert [(name, one.lineno) for name, one in starred if isinstance(one, (ast.Tuple, ast.List))] == []


def undocumented(node: ast.Module | ast.ClassDef | Function, name: str) -> Iterator[str]:
    """What stands under a public name, itself included, and has no docstring."""
    if not ast.get_docstring(node):
        yield name
    if not isinstance(node, Function):
        for one in node.body:
            if isinstance(one, (ast.ClassDef, Function)) and not one.name.startswith("_"):
                yield from undocumented(one, f"{name}.{one.name}")


def test_every_public_name_says_what_it_is_for() -> None:
    assert [one for name, path in MODULES.items() for one in undocumented(tree_of(path), name)] == []


def test_one_version_is_told_everywhere() -> None:
    assert importlib.metadata.version("one-adapter") == one_adapter.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## ([0-9]\S*)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == one_adapter.__version__


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_base_dependencies_are_three_small_packages() -> None:
    required = importlib.metadata.requires("one-adapter") or []
    base = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in required if "extra ==" not in line}
    assert base == {"click", "jsonschema", "pyyaml"}


def test_the_malicious_releases_of_litellm_are_out_of_range() -> None:
    from packaging.requirements import Requirement

    lines = map(Requirement, importlib.metadata.requires("one-adapter") or [])
    allowed = next(line.specifier for line in lines if line.name == "litellm")
    assert not [bad for bad in ("1.82.7", "1.82.8", "1.107.0") if allowed.contains(bad)]


def test_the_lock_names_versions_and_hashes_and_no_place() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    assert not [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]


def test_the_constraints_are_the_locks_versions() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = [line.removesuffix(" \\") for line in lock.splitlines() if "==" in line]
    assert (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() == pinned


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_explains_itself(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert not [option.opts for option in options if not (option.help or option.hidden)]
    for readme in (README, CHINESE_README):
        assert f"one-adapter {name}" in readme.read_text(encoding="utf-8")


def generator() -> Path:
    return ROOT / "docs" / "generate.py"


@pytest.mark.slow
def test_the_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, generator(), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


READING = {
    "--help": ["--help"],
    "--version": ["--version"],
    "lint": ["lint", "{config}"],
    "lint --format sarif": ["lint", "--format", "sarif", "{config}"],
    "export": ["export", "{config}"],
    "explain": ["explain", "{config}"],
    "explain --format json": ["explain", "--format", "json", "{config}"],
    "schema": ["schema"],
    "run --help": ["run", "--help"],
    "verify --help": ["verify", "--help"],
    "doctor": ["doctor", "{config}", "--port", "61999"],
    "completion": ["completion", "bash"],
}


@pytest.mark.slow
@pytest.mark.parametrize("arguments", list(READING.values()), ids=list(READING))
def test_a_command_that_only_reads_never_imports_litellm(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from one_adapter.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    heavy = {'litellm', 'openai', 'fastapi', 'httpx', 'aiohttp'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    words = [word.format(config=ROOT / "examples" / "nvidia.json") for word in arguments]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr


def blocks(path: Path) -> dict[str, str]:
    """The README's fenced blocks that carry a mark, by it."""
    text = path.read_text(encoding="utf-8")
    return dict(re.findall(r"<!-- ci: (\S+) -->\n```sh\n(.*?)\n```", text, re.DOTALL))


def test_the_readmes_print_the_same_commands() -> None:
    english = blocks(README)
    assert set(english) == {"run", "ask", "test"}
    assert english == blocks(CHINESE_README)
    assert all("\n" not in english[name] for name in ("run", "test")), "each is one command"


@pytest.mark.slow
def test_the_examples_have_no_errors() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "one_adapter", "lint", *EXAMPLES], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_examples_together_hold_every_vendor() -> None:
    def services(path: Path) -> list[dict[str, object]]:
        found = json.loads(path.read_text(encoding="utf-8"))["services"]["openai"]
        return [{key: value for key, value in service.items() if key != "id"} for service in found]

    together = services(ROOT / "examples" / "guide.json")
    alone = [service for path in EXAMPLES if path.name != "guide.json" for service in services(path)]
    assert len(together) == len(alone) == 12
    assert not [service for service in alone if service not in together]
    named = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert not [path.name for path in EXAMPLES if f"({path.name})" not in named]
