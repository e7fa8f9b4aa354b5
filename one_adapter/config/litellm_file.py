"""A LiteLLM configuration as a `Document`: YAML 1.1 in UTF-8, whatever the file is called."""

from __future__ import annotations

from one_adapter.config.document import Document, Problem, Span
from one_adapter.config.encoding import encoding_of
from one_adapter.config.node import SyntaxProblem


def parse_litellm(data: bytes, name: str) -> Document:
    """Read bytes as LiteLLM does. Total: whatever the bytes are, the answer is a `Document`.

    >>> parse_litellm(b"model_list: []\\nuse: on", "config.yaml").root.value
    {'model_list': [], 'use': True}
    """
    text = data.decode("utf-8", "replace")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        at = text.index("\ufffd")
        problem = Problem("encoding", "the file is not UTF-8 here", Span(at, at + 1))
        return Document(name, "yaml", text, None, problem, (), encoding_of(data))
    from one_adapter.config.yaml_1_1 import Reader11
    from one_adapter.config.yaml_text import read_yaml

    try:
        root, duplicates = read_yaml(text, Reader11)
    except SyntaxProblem as found:
        return Document(name, "yaml", text, None, found.problem, ())
    return Document(name, "yaml", text, root, None, duplicates)
