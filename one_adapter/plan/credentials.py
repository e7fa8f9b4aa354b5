"""Which credentials hold a key at all: what does not is never handed on as if it were one."""

from __future__ import annotations

from one_adapter.config.model import Service
from one_adapter.plan.vendors import host_of
from one_adapter.vendors.service_types import CREDENTIALS
from one_adapter.vendors.unusable import Kind, unusable

#: What can be wrong with a key of clients; a placeholder there opens the door all the same.
_CLIENT_KINDS = ("redaction", "variable", "mask", "several", "labelled", "quoted")
#: What can be wrong with a setting that is no secret, such as a project's name.
_PLAIN_KINDS = ("redaction", "variable", "placeholder")


def kind_of(service: Service, name: str, value: str) -> Kind | None:
    """The kind of unusable credential that a service's value is; None for one that may open something."""
    if name == "json_file" and value.lstrip().startswith("{"):
        return None  # a service account's file itself, in place of its name
    kind = unusable(value, keyless=_may_ask_for_none(service))
    facts = CREDENTIALS.get(service.chat_type)
    if kind and facts and name not in facts.secret and kind.name not in _PLAIN_KINDS:
        return None
    return kind


def _may_ask_for_none(service: Service) -> bool:
    """Whether a service's server may ask for no key: it is nobody's that is known."""
    return service.type == "ollama" or bool(service.server_url and host_of(service.server_url) is None)


def left_out(service: Service, name: str, value: object) -> Kind | None:
    """The kind of a service's credential that is left out; None for one that is carried over."""
    kind = kind_of(service, name, value) if isinstance(value, str) else None
    return kind if kind and kind.left_out else None


def client_kind_of(value: str) -> Kind | None:
    """The kind of unusable credential that a key of clients is."""
    kind = unusable(value)
    return kind if kind and kind.name in _CLIENT_KINDS else None
