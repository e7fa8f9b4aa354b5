"""How a comparison is told: one function a format, all with one signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from one_adapter.verify.output.as_html import as_html
from one_adapter.verify.output.as_json import as_json
from one_adapter.verify.output.as_junit import as_junit
from one_adapter.verify.output.as_text import as_text
from one_adapter.verify.result import Verification

#: The formats by their names on the command line; each makes a text that ends in a line end.
FORMATS: Mapping[str, Callable[[Verification], str]] = {
    "text": as_text,
    "json": as_json,
    "html": as_html,
    "junit": as_junit,
}
