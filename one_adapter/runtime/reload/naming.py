"""Names that say what they stand for: deployments and variables of a configuration, by their content.

A deployment of another content gets another id, and a secret of another value another variable, so that an
old configuration and its successor can be loaded side by side; what is the same keeps its name.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from one_adapter.contract import ADAPTER_VARIABLES, MASTER_KEY, REFERENCE, SECTION
from one_adapter.runtime.reload.generation import Generation, fingerprint_of

#: Characters of a digest in a name.
DIGEST_CHARACTERS = 8
#: Keys of a configuration whose value is a variable's name, and the one with the beginning of several.
NAMING, PREFIX = ("http_env", "https_env", "socks5_env", "proxy_env"), "credential_env"


class Names:
    """The names of one configuration's parts; `kept` says by meaning which ids are to stay as they are."""

    def __init__(
        self, config: Mapping[str, Any], environment: Mapping[str, str], kept: Mapping[str, str] | None = None
    ) -> None:
        """Take a configuration as it is written, and the values of the variables it names."""
        self._config, self._values = config, environment
        self._salt = environment.get(MASTER_KEY, "").encode()
        self._kept = kept or {}
        self._copies: dict[int, dict[Any, Any]] = {}
        plain = self._plain()
        #: What it names, by the names as they are written.
        self.used = {name: value for name, value in environment.items() if name in plain}
        #: The same, as `config` names it.
        self.environment = dict(self.used)
        #: The configuration with its new names.
        self.config: dict[str, Any] = self._renamed(config)
        self.config["model_list"] = list(self._deployments())

    def meanings(self) -> dict[str, str]:
        """The meaning of each deployment -> the id written there, where one is."""
        written_ids = [
            (one.get("model_info") or {}).get("id") for one in self._config.get("model_list") or ()
        ]
        several = zip(self.config["model_list"], written_ids, strict=True)
        return {self._meaning(one): str(identity) for one, identity in several if identity is not None}

    def _plain(self) -> set[str]:
        """The variables that keep their names: they are read once, when a configuration is loaded."""
        settings = self._config.get("general_settings") or {}
        access = (settings.get(SECTION) or {}).get("access") or {}
        return {MASTER_KEY, *(str(one.get("env")) for one in access.get("keys") or ())}

    def _renamed(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if id(value) not in self._copies:  # what the text says once stays one
                self._copies[id(value)] = {name: self._member(name, inner) for name, inner in value.items()}
            return self._copies[id(value)]
        if isinstance(value, list):
            return [self._renamed(one) for one in value]
        if isinstance(value, str) and value.startswith(REFERENCE):
            return REFERENCE + self._variable(value.removeprefix(REFERENCE))
        return value

    def _member(self, name: object, value: Any) -> Any:
        if not isinstance(value, str):
            return self._renamed(value)
        if name == PREFIX:
            return self._prefix(value)
        return self._variable(value) if name in NAMING else self._renamed(value)

    def _variable(self, name: str) -> str:
        """A variable's new name, under which its value is entered."""
        if name not in self._values or name in self.environment:
            return name
        value = self.used[name] = self._values[name]
        named = f"{name}_{self._digest(value)}"
        self.environment[named] = value
        return named

    def _prefix(self, prefix: str) -> str:
        """The new beginning of the variables that an adapter reads; their values are entered."""
        names = [f"{prefix}_{one}" for one in ADAPTER_VARIABLES]
        values = {name: self._values[name] for name in names if name in self._values}
        if not values:
            return prefix
        self.used |= values
        named = f"{prefix}_{self._digest(json.dumps(values))}"
        for name, value in values.items():
            self.environment[named + name.removeprefix(prefix)] = value
        return named

    def _deployments(self) -> Iterator[dict[str, Any]]:
        taken: Counter[str] = Counter()
        for one in self.config.get("model_list") or ():
            meaning = self._meaning(one)
            name = self._kept.get(meaning) or f"{_base(one)}-{meaning.lower()}"
            taken[name] += 1
            info = one.get("model_info") or {}
            named = name if taken[name] == 1 else f"{name}.{taken[name]}"
            yield {**one, "model_info": {**info, "id": named}}

    def _meaning(self, deployment: Mapping[str, Any]) -> str:
        """What tells a deployment from others; a variable's name stands for its value."""
        info = {name: one for name, one in (deployment.get("model_info") or {}).items() if name != "id"}
        return self._digest(repr({**deployment, "model_info": info}))

    def _digest(self, text: str) -> str:
        """The beginning of a digest that says nothing to who does not know the master key."""
        whole = hmac.digest(self._salt, text.encode("utf-8", "surrogatepass"), "sha256")
        return whole.hex()[:DIGEST_CHARACTERS].upper()


def _base(deployment: Mapping[str, Any]) -> str:
    """What a deployment is called for people: by service and credential where it was exported."""
    info = deployment.get("model_info") or {}
    own = info.get(SECTION) or {}
    if "service" in own:
        return f"{own['service']}.{own.get('credential', 0)}"
    return str(info.get("id") or deployment.get("model_name") or "")


def base_of(identity: str) -> str:
    """An id without what tells its content.

    >>> base_of("openai-1.0-1b2c3d4e"), base_of("openai-1.0-1b2c3d4e.2"), base_of("mine")
    ('openai-1.0', 'openai-1.0', 'mine')
    """
    head, _, tail = identity.rpartition("-")
    return head if head and len(tail.partition(".")[0]) == DIGEST_CHARACTERS else identity


def generation_of(
    number: int,
    text: str,
    environment: Mapping[str, str],
    notes: tuple[str, ...] = (),
    kept: Mapping[str, str] | None = None,
    document: Mapping[str, Any] | None = None,
) -> Generation:
    """A generation of an exported file's text and the variables it names.

    `document` is what the text says, from who has read it already.
    The fingerprint is of what was written; the random key of a proxy without one is no part of it.
    """
    names = Names(loaded(text) if document is None else document, environment, kept)
    own = {name: value for name, value in names.used.items() if name != MASTER_KEY}
    return Generation(number, fingerprint_of(text, own), written(names.config), names.environment, notes)


def written(config: Mapping[str, Any]) -> str:
    """A configuration as a text that LiteLLM reads."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(config, Dumper=dumper, sort_keys=False, width=1000))


def loaded(text: str | bytes) -> dict[str, Any]:
    """What a text says; raises `yaml.YAMLError`."""
    found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    return found if isinstance(found, dict) else {}


def resolved(value: Any, environment: Mapping[str, str]) -> Any:
    """A configuration with the values of variables in the place of their names, as LiteLLM reads it.

    >>> resolved({"key": "os.environ/A", "other": [{"key": "os.environ/B"}]}, {"A": "1"})
    {'key': '1', 'other': [{'key': None}]}
    """
    if isinstance(value, Mapping):
        return {name: resolved(one, environment) for name, one in value.items()}
    if isinstance(value, list):
        return [one if isinstance(one, str) else resolved(one, environment) for one in value]
    if isinstance(value, str) and value.startswith(REFERENCE):
        return environment.get(value.removeprefix(REFERENCE))
    return value
