"""Files of other programs that are easily taken for a configuration of the gateway."""

from __future__ import annotations

from one_adapter.config.document import Document


def is_litellm(document: Document) -> bool:
    """Whether a document is a LiteLLM proxy configuration, such as an export.

    >>> from one_adapter.config.document import parse
    >>> is_litellm(parse(b"model_list: []", "config.yaml"))
    True
    """
    keys = {member.key for member in document.root.members} if document.root is not None else set()
    return "model_list" in keys and "services" not in keys
