"""Every form in which `lint` tells what it found, by the name it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from one_adapter.lint.output.as_github import render_github
from one_adapter.lint.output.as_json import render_json
from one_adapter.lint.output.as_sarif import render_sarif
from one_adapter.lint.output.as_text import Judged, render_all

#: Name -> what writes it, of all files at once; only the text for people has colours.
FORMATS: Mapping[str, Callable[[Sequence[Judged], bool], str]] = {
    "text": render_all,
    "json": render_json,
    "github": render_github,
    "sarif": render_sarif,
}
