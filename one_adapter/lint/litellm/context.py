"""What a rule about a LiteLLM configuration is handed: the file, what it means, and who stands where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from one_adapter.config.document import Problem, Span
from one_adapter.config.litellm_file import LiteLLMFile
from one_adapter.config.node import Duplicate, Node
from one_adapter.lint.finding import Noting
from one_adapter.lint.litellm.merging import Configuration, NotIncluded
from one_adapter.lint.litellm.tables import NEWEST, Tables, between, tables

T = TypeVar("T")


class Deployment(NamedTuple):
    """An entry of model_list that is a mapping, as written.

    `name` is what clients ask for, `params` its litellm_params where they are a mapping, `model` their
    model where it is text.
    """

    pointer: str
    node: Node
    name: str
    params: Node | None
    model: str

    def param(self, key: str) -> Node | None:
        """The value of one of its litellm_params."""
        return self.params.get(key) if self.params else None

    def at(self, key: str) -> str:
        """The pointer of one of its litellm_params."""
        return f"{self.pointer}/litellm_params/{key}"


class Context(Noting):
    """One configuration under judgement, as one version of LiteLLM reads it.

    `document` is the file that was named. `root` is its configuration, with what it includes; None where
    there is no tree. Pointers lead through it from there, and spans count through all files, one behind
    the other: `source` gives their text. `problems`, `duplicates` and `not_included` are those of all
    files. `told` says that the user called the file one of LiteLLM's. `variables` are the names that are
    set, where an --env-file told; None where nobody knows. `today` is the day by which models have ended.
    `installed` says whether LiteLLM finds a module; None where it runs elsewhere.
    Everything is worked out once, when first asked for.
    """

    def __init__(
        self,
        document: LiteLLMFile,
        version: str = NEWEST,
        variables: frozenset[str] | None = None,
        told: bool = False,
        today: date | None = None,
        installed: Callable[[str], bool] | None = None,
    ) -> None:
        self.document = document
        self.version = version
        self.variables = variables
        self.told = told
        self.installed = installed
        self.today = today or date.today()
        self.configuration = Configuration(document)
        self._made: dict[Callable[[Context], Any], Any] = {}

    @property
    def root(self) -> Node | None:
        """The configuration, with what it includes."""
        return self.configuration.root

    @property
    def tables(self) -> Tables:
        """The names that the version knows."""
        return tables(self.version)

    @property
    def problems(self) -> Sequence[Problem]:
        """Why files are no YAML."""
        return self.configuration.problems

    @property
    def duplicates(self) -> Sequence[Duplicate]:
        """Keys that stand twice in one mapping; pointers are those of the file."""
        return self.configuration.duplicates

    @property
    def not_included(self) -> Sequence[NotIncluded]:
        """Entries of `include` that lead to no file."""
        return self.configuration.not_included

    @property
    def folder(self) -> Path | None:
        """Where the file is, and so what it names by a relative path; None for standard input."""
        return None if self.document.name == "-" else Path(self.document.name).parent

    def is_version(self, since: str = "", until: str = "") -> bool:
        """Whether the version judged is neither older nor newer than these."""
        return between(self.version, since, until)

    def section(self, name: str) -> Node | None:
        """A part of the file by its key at the top, such as router_settings; None unless it is a mapping."""
        node = self.find(f"/{name}")
        return node if node is not None and node.kind == "object" else None

    @cached_property
    def deployments(self) -> tuple[Deployment, ...]:
        """Every entry of model_list that is a mapping."""
        return tuple(self._deployments())

    def _deployments(self) -> Iterator[Deployment]:
        listed = self.find("/model_list")
        for index, node in enumerate(listed.items if listed else ()):
            if node.kind == "object":
                params = node.get("litellm_params")
                params = params if params is not None and params.kind == "object" else None
                model = params.get("model") if params else None
                yield Deployment(
                    f"/model_list/{index}", node, _text(node.get("model_name")), params, _text(model)
                )

    @cached_property
    def groups(self) -> Mapping[str, tuple[Deployment, ...]]:
        """The deployments by the name that clients ask for."""
        found: dict[str, list[Deployment]] = {}
        for one in self.deployments:
            found.setdefault(one.name, []).append(one)
        return {name: tuple(ones) for name, ones in found.items() if name}

    def once(self, make: Callable[[Context], T]) -> T:
        """What a function makes of this configuration, worked out when it is first asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def source(self, span: Span) -> str:
        """The text of a stretch as it is written in its file."""
        number = self.configuration.file_of(span)
        inside = self.configuration.span_in(number, span)
        return self.configuration.files[number].text[inside.start : inside.end]

    def line(self, span: Span) -> int:
        """The line of its file on which a span begins, from 1."""
        number = self.configuration.file_of(span)
        start = self.configuration.span_in(number, span).start
        return self.configuration.files[number].position(start)[0]


def _text(node: Node | None) -> str:
    return node.value if node is not None and node.kind == "string" else ""
