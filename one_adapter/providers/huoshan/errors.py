"""Ark's error codes, of the chat API and of the call that mints keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from one_adapter.providers.failure import Kind, VendorError, of_status, of_words

#: The vendor's code, or how it begins → what it means. The first match counts.
CODES = (
    ("SensitiveContentDetected", Kind.POLICY),
    ("InvalidAccessKey", Kind.AUTHENTICATION),
    ("SignatureDoesNotMatch", Kind.AUTHENTICATION),
    ("InvalidTimestamp", Kind.AUTHENTICATION),
    ("InvalidAuthorization", Kind.AUTHENTICATION),
    ("AuthenticationError", Kind.AUTHENTICATION),
    ("AccountOverdueError", Kind.PERMISSION),
    ("AccessDenied", Kind.PERMISSION),
    ("InvalidEndpointOrModel", Kind.NOT_FOUND),
    ("ModelNotOpen", Kind.NOT_FOUND),
    ("FlowLimitExceeded", Kind.RATE),
    ("RateLimitExceeded", Kind.RATE),
    ("QuotaExceeded", Kind.RATE),
    ("ServerOverloaded", Kind.RATE),
    ("Internal", Kind.INTERNAL),
)
_POLICY_ENDS = ("SensitiveContentDetected", "RiskDetection", "RateLimitExceeded")
_HINTS = {
    "InvalidTimestamp": "check this machine's clock: it must be right within 15 minutes",
    "SignatureDoesNotMatch": "check the secret key",
}


def kind_of(code: str, status: int, text: str) -> Kind:
    """What an error means, by its code, then its text, then the HTTP status.

    >>> kind_of("OutputTextSensitiveContentDetected", 400, "")
    <Kind.POLICY: 'ContentPolicyViolationError'>
    """
    if code.endswith(_POLICY_ENDS):
        return Kind.RATE if code.endswith("RateLimitExceeded") else Kind.POLICY
    for start, kind in CODES:
        if code.startswith(start):
            return kind
    kind = of_status(status)
    return of_words(text, kind) if kind is Kind.BAD_REQUEST else kind


def chat_failure(status: int, code: str, text: str) -> VendorError:
    """The error for a refused chat call."""
    return VendorError(kind_of(code, status, text), text, code or status)


def mint_failure(status: int, answer: Any) -> VendorError:
    """The error for a GetApiKey call that gave no key."""
    metadata = answer.get("ResponseMetadata") if isinstance(answer, Mapping) else None
    error = metadata.get("Error") if isinstance(metadata, Mapping) else None
    if not isinstance(error, Mapping):
        kind = of_status(status) if status >= 400 else Kind.GARBAGE
        return VendorError(kind, "GetApiKey gave neither a key nor an error", status)
    code = str(error.get("Code") or "")
    text = f"no temporary key: {error.get('Message')}"
    if code in _HINTS:
        text = f"{text}: {_HINTS[code]}"
    return VendorError(kind_of(code, status, text), text, code or status)
