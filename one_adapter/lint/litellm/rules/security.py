"""LIT50x: keys and who gets in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from one_adapter.config.node import Node, segments
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import is_reference
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.walking import texts

_MASTER = "/general_settings/master_key"
_PERMITTED = "/general_settings/dangerously_permit_weak_or_unset_master_key"
#: The SHA-256 of master keys from examples, by which LiteLLM knows them.
_KNOWN = frozenset(["88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"])
#: Names of what is secret, and the shapes of keys that vendors hand out.
SECRET_NAMES = re.compile(r"(?:^|[_/])(?:key|secret|token|password|credentials?)$|^database_url$|^redis_url$")
_KEYS = re.compile(
    r"sk-(?:proj-|ant-|or-v1-)?[A-Za-z0-9_-]{24,}$|gsk_[A-Za-z0-9]{30,}$|AIza[A-Za-z0-9_-]{30,}$"
    r"|AKIA[A-Z0-9]{16}$"
    r"|xai-[A-Za-z0-9]{30,}$|hf_[A-Za-z0-9]{25,}$|nvapi-[A-Za-z0-9_-]{30,}$|pplx-[A-Za-z0-9]{30,}$"
    r"|[0-9a-f]{32}(?:\.[A-Za-z0-9]{16})?$|eyJ[A-Za-z0-9_-]{20,}\."
)
_PASSWORD_IN_URL = re.compile(r"[a-z0-9+]+://[^/\s:@]*:([^/\s@]+)@")
_PLACEHOLDER = re.compile(
    r"(.)\1{5,}|your|example|placeholder|changeme|dummy|test|xxxx|1234567", re.IGNORECASE
)


@rule("LIT501", "known-master-key", "error")
def known_master_key(context: Context) -> Iterator[Note]:
    """The master key is one from LiteLLM's own examples, or is empty.

    Everybody tries `sk-1234` first. The master key may do everything: make keys, read what is spent, change
    models.

    LiteLLM: refuses to start (exit code 3), which `--validate_config` does not show, unless
    `dangerously_permit_weak_or_unset_master_key` is on.
    """
    node = context.find(_MASTER)
    permitted = context.find(_PERMITTED)
    if node is None or (permitted is not None and permitted.value is True):
        return
    advice = tr("Write os.environ/LITELLM_MASTER_KEY, and set it to sk- with 32 random bytes behind.")
    if node.kind == "null" or (node.kind == "string" and not node.value.strip()):
        yield context.key_note(_MASTER, tr("the master key is empty, and LiteLLM does not start"), advice)
    elif node.kind == "string":
        digest = hashlib.sha256(node.value.strip().encode("utf-8", "replace")).hexdigest()
        if digest in _KNOWN:
            said = tr("this master key is publicly known, and LiteLLM does not start with it")
            yield context.note(_MASTER, said, advice)


@rule("LIT502", "weak-master-key", "warning")
def weak_master_key(context: Context) -> Iterator[Note]:
    """The check of the master key is switched off, or the key does not begin with `sk-`.

    LiteLLM: starts. Its admin page and the keys it makes expect `sk-` in front.
    """
    permitted = context.find(_PERMITTED)
    if permitted is not None and permitted.value is True:
        said = tr("with this, LiteLLM starts with a master key that everybody knows, or with none")
        yield context.key_note(_PERMITTED, said, tr("Remove it before others can reach the proxy."))
    node = context.find(_MASTER)
    if (node is not None and node.kind == "string" and node.value and not is_reference(node)) and (
        not node.value.startswith("sk-") and "$" not in node.value and "environ" not in node.value
    ):
        said = tr("a master key begins with sk-")
        yield context.note(_MASTER, said, tr("Put sk- in front."))


@rule("LIT503", "secret-in-file", "warning")
def secret_in_file(context: Context) -> Iterator[Note]:
    """A key or password stands in the file itself.

    It goes where the file goes: into a repository, an image, a copy for a colleague.

    LiteLLM: takes it. With `os.environ/NAME` in its place the file says only where it is to be found.
    """
    for pointer, node in texts(context):
        if _is_secret(segments(pointer), node):
            said = tr("a secret stands in the file itself")
            advice = tr("Write os.environ/ and the name of a variable, and set that.")
            yield context.note(pointer, said, advice)


def _is_secret(keys: list[str], node: Node) -> bool:
    value = node.value.strip()
    if is_reference(node) or "$" in value or _PLACEHOLDER.search(value):
        return False
    password = _PASSWORD_IN_URL.match(value)
    if password:
        return not _PLACEHOLDER.search(password[1]) and len(password[1]) > 3
    named = any(SECRET_NAMES.search(key.lower()) for key in keys[-2:])
    return named and bool(_KEYS.match(value)) and any(sign.isdigit() for sign in value)


@rule("LIT505", "client-side-credentials", "info")
def client_side_credentials(context: Context) -> Iterator[Note]:
    """Clients may send credentials or an address of their own.

    LiteLLM: calls the address that a client names. Whoever has a key of the proxy can make it send requests,
    and the parameters of a deployment, to a server of theirs.
    """
    node = context.find("/general_settings/allow_client_side_credentials")
    if node is not None and node.value is True:
        said = tr("clients may name the address that the proxy calls")
        yield context.key_note("/general_settings/allow_client_side_credentials", said)
    for one in context.deployments:
        allowed = one.param("configurable_clientside_auth_params")
        for index, item in enumerate(allowed.items if allowed else ()):
            if item.value in ("api_base", "base_url"):
                said = tr("clients may name the address that the proxy calls")
                yield context.note(f"{one.at('configurable_clientside_auth_params')}/{index}", said)


@rule("LIT506", "custom-auth-alone", "info")
def custom_auth_alone(context: Context) -> Iterator[Note]:
    """`custom_auth` decides alone who gets in.

    LiteLLM: skips its own checks of budgets, limits and models of keys where a custom function answers,
    unless `custom_auth_run_common_checks` is on.
    """
    node = context.find("/general_settings/custom_auth")
    checks = context.find("/general_settings/custom_auth_run_common_checks")
    ours = node is not None and str(node.value).startswith("one_adapter.")
    if node is not None and node.value and not ours and (checks is None or checks.value is not True):
        said = tr("budgets, limits and models of a key are not checked behind custom_auth")
        yield context.key_note(
            "/general_settings/custom_auth", said, tr("custom_auth_run_common_checks: true checks them.")
        )
