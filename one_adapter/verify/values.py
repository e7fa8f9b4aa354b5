"""Values of an exported file: when two of them say the same, and what may be shown of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from one_adapter.contract import REFERENCE
from one_adapter.language import tr
from one_adapter.plan.addresses import without_password

HIDDEN = tr("(a value that is not shown)")
#: Fields whose texts are no secrets, as one-adapter writes them. Texts of all others are not shown, unless
#: they are the names of variables.
SHOWN = frozenset(
    (
        "model",
        "api_version",
        "service",
        "owned_by",
        "key",
        "order",
        "key_order",
        "alias_of",
        "mode",
        "upstream_model",
        "embedding_model",
        "redirected",
        "guards",
        "gateway",
        "catch_all",
        "keys_off",
        "unlisted",
        "aliases",
        "callbacks",
        "custom_provider_map",
        "routing_strategy",
        "custom_auth",
        "credential_env",
        "proxy_env",
        "proxy",
        "domain",
        "vertex_project",
        "vertex_location",
        "models",
        "allowed_openai_params",
        "routes",
        "default_user",
        "uid",
        "auditing",
    )
)
ADDRESS = "api_base"


class Values:
    """Values with the secrets that variables stand for, so that one can be held against the other."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take what the variables of the plan's export hold."""
        self._variables = variables

    def alike(self, planned: Any, there: Any) -> bool:
        """Whether a value of the file says what the planned one does, a secret written out included.

        >>> values = Values({"K": "sk-1"})
        >>> values.alike("os.environ/K", "sk-1"), values.alike("os.environ/K", "os.environ/L")
        (True, False)
        """
        if isinstance(planned, str) and isinstance(there, str) and planned.startswith(REFERENCE):
            written_out = self._variables.get(planned.removeprefix(REFERENCE))
            return there == planned or (bool(written_out) and there == written_out)
        if isinstance(planned, Mapping) and isinstance(there, Mapping):
            return planned.keys() == there.keys() and all(self.alike(planned[k], there[k]) for k in planned)
        if isinstance(planned, bool) or isinstance(there, bool):
            return planned is there
        return bool(planned == there)

    def shown(self, field: str, value: Any) -> Any:
        """What may be shown of a field's value.

        >>> Values({}).shown("api_key", "sk-1"), Values({}).shown("timeout", 3)
        ('(a value that is not shown)', 3)
        """
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, str):
            if value.startswith(REFERENCE) and value.removeprefix(REFERENCE).isidentifier():
                return value
            if field == ADDRESS:
                return without_password(value).partition("?")[0]
            return value if field in SHOWN else HIDDEN
        if isinstance(value, Mapping):
            return {str(name): self.shown(field, each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.shown(field, each) for each in value]
        return HIDDEN
