"""Which kind of file it is: a configuration of simple-one-api, or one of LiteLLM."""

from __future__ import annotations

import re
from pathlib import PurePath

from one_adapter.config.document import Document, parse
from one_adapter.config.fields import known_name, structs_of
from one_adapter.config.litellm_file import LiteLLMFile, parse_litellm, parts
from one_adapter.config.node import Node, escape
from one_adapter.dialect import CURRENT
from one_adapter.language import Message, tr

SIMPLE_ONE_API = "simple-one-api"
LITELLM = "litellm"

#: What only LiteLLM has at the top of a file.
SECTIONS = (
    "model_list",
    "litellm_settings",
    "router_settings",
    "general_settings",
    "mcp_servers",
    "guardrails",
    "credential_list",
)
_SECTION_LINE = re.compile(rf"^[\"']?(?:{'|'.join(SECTIONS)})[\"']?[ \t]*:".encode(), re.MULTILINE)
_SERVICES_LINE = re.compile(rb"^[\"']?services[\"']?[ \t]*:", re.MULTILINE | re.IGNORECASE)
#: Where the charts of LiteLLM, and those that hold one of them, keep the configuration.
CHART_PLACES = (
    "/proxy_config",
    "/gateway/config/proxy_config",
    "/litellm/proxy_config",
    "/config/proxy_config",
)
#: A mapping under `services` with one of these is a Docker Compose file.
_COMPOSE = frozenset(["image", "build", "container_name"])
_BLOCK_SECTION = re.compile(rf"^(?:\{{\s*)?[\"']?(?:{'|'.join(SECTIONS)})[\"']?[ \t]*:", re.MULTILINE)


def read(data: bytes, name: str, kind: str | None = None, format: str | None = None) -> Document:
    """Bytes as a document of the kind they are, or of the one that the user says.

    >>> type(read(b"model_list: []", "config.yaml")).__name__
    'LiteLLMFile'
    """
    if kind == LITELLM:
        return parse_litellm(data, name)
    ending = PurePath(name).suffix
    if kind is None and ending != ".json" and _SECTION_LINE.search(data) and not _SERVICES_LINE.search(data):
        return parse_litellm(data, name)
    document = parse(data, name, format)
    at = None if kind else configuration_in(document, name)
    if at is None and kind is None and b"\n---" in data and document.format == "yaml":
        return _further(data, document)
    return document if at is None else parse_litellm(data, name, at)


def _further(data: bytes, document: Document) -> Document:
    """A manifest of which a later document holds a configuration; the first document where none does."""
    for number, span in enumerate(parts(document.text)[1:], 1):
        text = document.text[span.start : span.end]
        if "model_list" not in text and not any(one in text for one in SECTIONS):
            continue
        root = parse(text.encode("utf-8", "replace"), "-", "yaml").root
        at = _inside(root) if root is not None and root.kind == "object" else None
        if at is not None:
            return parse_litellm(data, document.name, at, number)
    return document


def configuration_in(document: Document, name: str = "") -> str | None:
    """Where in a file a LiteLLM configuration is, as a pointer; None where there is none."""
    root = document.root
    if root is not None and any(_is_deployment(item) for item in root.items):
        return ""
    if root is None or root.kind not in ("object", "null") or root.get("services") is not None:
        return None
    keys = {member.key for member in root.members}
    if keys.intersection(SECTIONS) or _is_near(root):
        return ""
    named = "litellm" in PurePath(name).name.lower()
    if named and not any(_is_simple(key) for key in keys) and not _inside(root):
        return ""
    return _inside(root)


def _is_deployment(node: Node) -> bool:
    return node.get("litellm_params") is not None or node.get("model_name") is not None


def _is_simple(key: str) -> bool:
    return known_name(structs_of(CURRENT).gateway, key, "json") is not None


def _inside(root: Node) -> str | None:
    """Where values of a Helm chart or a ConfigMap hold a configuration."""
    for place in CHART_PLACES:
        node: Node | None = root
        for part in place.split("/")[1:]:
            node = node.get(part) if node is not None else None
        if node is not None and any(member.key in SECTIONS for member in node.members):
            return place
    for member in root.members:  # the charts of a chart stand under their own names, whichever those are
        node = member.node.get("proxy_config")
        if node is not None and any(one.key in SECTIONS for one in node.members):
            return f"/{escape(member.key)}/proxy_config"
    kind, data = root.get("kind"), root.get("data")
    if kind is not None and kind.value == "ConfigMap" and data is not None:
        for member in data.members:
            if member.node.kind == "string" and _BLOCK_SECTION.search(member.node.value):
                return f"/data/{escape(member.key)}"
    return None


def _is_near(root: Node) -> bool:
    """Whether a key is nearly one of LiteLLM's, and what stands under it is like what LiteLLM has there."""
    from difflib import get_close_matches  # few files have neither kind's keys

    for member in root.members:
        if member.node.kind != "object" and not member.node.items:
            continue
        meant = get_close_matches(member.key.lower().replace("-", "_"), SECTIONS, 1, 0.85)
        if meant and not _is_simple(member.key):
            listed = meant[0] in ("model_list", "guardrails", "credential_list")
            if member.node.kind == "object" and not listed:
                return True
            if any(map(_is_deployment, member.node.items)):
                return True
    return False


def is_found(document: Document) -> bool:
    """Whether a file that was found in a folder is surely a LiteLLM configuration.

    One that cannot be parsed counts: it is better to say so than to pass it over.
    """
    if not isinstance(document, LiteLLMFile):
        return False
    root = document.configuration
    if root is None:
        return "litellm_params" in document.text
    listed = root.get("model_list")
    return listed is not None and any(item.get("litellm_params") is not None for item in listed.items)


def is_compose(node: Node) -> bool:
    """Whether what stands under `services` are those of a Docker Compose file."""
    return any(_COMPOSE & {inner.key for inner in entry.node.members} for entry in node.members)


def neither(document: Document) -> Message | None:
    """What a file is that surely holds no configuration of either kind; None where it may hold one."""
    root = document.root
    if isinstance(document, LiteLLMFile) or root is None or root.kind != "object":
        return None
    services = root.get("services")
    if services is not None:
        return tr("a Docker Compose file") if is_compose(services) else None
    if all((node := root.get(key)) is not None and node.kind == "string" for key in ("apiVersion", "kind")):
        return tr("a manifest of Kubernetes without a configuration in it")
    image = root.get("image")
    if image is not None and image.get("repository") is not None:
        return tr("values of a Helm chart without a configuration in them")
    return None


def is_doubtful(document: Document) -> bool:
    """Whether nothing in a file says which kind it is, or both kinds' keys are there."""
    root = document.root
    if isinstance(document, LiteLLMFile) or root is None or not root.members:
        return False
    keys = {member.key for member in root.members}
    if root.get("services") is not None:
        return bool(keys.intersection(SECTIONS))
    return not any(map(_is_simple, keys)) and not keys.intersection(SECTIONS)
