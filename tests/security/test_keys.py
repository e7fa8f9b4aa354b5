"""How keys are compared, and what is remembered of what clients send."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doorway import ENVIRONMENT, OWN, ask, deployment, serve, state_of
from virtual import run

from one_adapter.runtime.access import Keys
from one_adapter.runtime.settings import KeyRule, Settings
from one_adapter.runtime.state import build

PACKAGE = Path(__file__).resolve().parents[2] / "one_adapter"
CHAT = "/v1/chat/completions"
HI = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def identify(value: str, headers: list[tuple[bytes, bytes]]) -> bool:
    keys = Keys(Settings(keys=(KeyRule("K", ("*",)),)), {"K": value})
    return keys.identify(headers) is not None


#: Keys whose last or first byte Latin-1 calls a blank, and others that are not plain.
ODD = (
    "clé-à",
    "à",
    "\u0085k",
    "k\u0085",
    "\u00a0k\u00a0",
    "k\u2003",
    "ключ",
    "钥匙",
    "🔑",
    "k\x1fé",
    "a b",
    "İ",
    "K",
)


@pytest.mark.parametrize("key", ODD)
@pytest.mark.parametrize(
    ("name", "before"),
    [
        (b"authorization", b"Bearer "),
        (b"authorization", b"BEARER  "),
        (b"x-api-key", b""),
        (b"x-api-key", b" \t"),
    ],
)
def test_a_key_is_its_bytes_in_every_header(key: str, name: bytes, before: bytes) -> None:
    assert identify(key, [(name, before + key.encode() + b" ")])
    assert not identify(key, [(name, before + key.encode()[:-1])])
    assert not identify(key, [(name, before + key.encode() + b"\xa0")])
    assert not identify(key, [(name, before + b"\x85" + key.encode())])


def test_a_key_that_is_no_text_is_compared_all_the_same() -> None:
    assert identify("k\udcff", [(b"x-api-key", b"k\xff")])
    assert not identify("k\udcff", [(b"x-api-key", b"k?")])


#: Names of what holds a secret.
SECRET = re.compile(r"key|secret|token|passw|credential|signature|digest|given|bearer|authoriz", re.I)


def comparisons() -> Iterator[tuple[str, str, str]]:
    """(file, function, code) of each comparison for equality in the package that a secret may be in."""
    for path in sorted((PACKAGE / "runtime").rglob("*.py")) + sorted((PACKAGE / "providers").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for function in [
            one for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]:
            for node in ast.walk(function):
                if isinstance(node, ast.Compare) and all(
                    isinstance(one, (ast.Eq, ast.NotEq)) for one in node.ops
                ):
                    yield str(path.relative_to(PACKAGE)), function.name, ast.unparse(node)


def is_of_a_secret(code: str) -> bool:
    """Whether both sides of a comparison are no constants, and one is named as a secret is."""
    node = ast.parse(code, mode="eval").body
    assert isinstance(node, ast.Compare)
    sides = [node.left, *node.comparators]
    if any(isinstance(one, (ast.Constant, ast.Tuple)) or ast.unparse(one).isupper() for one in sides):
        return False
    return any(SECRET.search(ast.unparse(one)) for one in sides)


def test_every_comparison_of_a_secret_takes_the_same_time() -> None:
    found = {f"{file} {function}: {code}" for file, function, code in comparisons() if is_of_a_secret(code)}
    assert found == set(), "use hmac.compare_digest"
    assert is_of_a_secret("key == given"), "and the test would find one"
    assert "compare_digest" in (PACKAGE / "runtime" / "access.py").read_text("utf-8")


class TestWhatIsRemembered:
    """Nothing grows with the names that clients send."""

    @staticmethod
    async def fail(request: object, send: object, receive: object) -> None:
        del request, receive
        await send({"type": "http.response.start", "status": 500, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})  # type: ignore[operator]

    def test_breakers_are_one_for_each_name_that_is_configured(self) -> None:
        rule = {"failures": 3, "recovery_seconds": 60, "probes": 1}
        state = state_of(deployment("any", breaker=rule), catch_all="any")
        caller, _ = serve(state, self.fail)  # type: ignore[arg-type]

        async def many() -> list[int]:
            bodies = ({**HI, "model": f"name-{at}"} for at in range(50))
            return [(await caller("POST", CHAT, body))[0] for body in bodies]

        assert run(many()) == [500] * 3 + [503] * 47
        assert len(state.breakers._states) == 1

    def test_a_name_is_not_as_long_as_a_body(self) -> None:
        state = state_of(deployment("any"), catch_all="any")
        assert ask("POST", CHAT, {**HI, "model": "n" * 1024}, state)[0] == 200
        status, body, _ = ask("POST", CHAT, {**HI, "model": "n" * 1_000_000}, state)
        assert status == 400
        assert len(body["error"]["message"]) < 100

    def test_a_second_state_of_the_same_configuration_decides_alike(self) -> None:
        """What another worker decides by: the configuration and the environment alone."""
        one, other = (build([deployment()], OWN, {"nick": "m"}, ENVIRONMENT) for _ in range(2))
        for key, path, status in (
            ("sk-client", CHAT, 200),
            ("x", CHAT, 401),
            ("sk-client", "/key/info", 403),
        ):
            assert (
                ask("POST", path, HI, one, key=key)[0] == ask("POST", path, HI, other, key=key)[0] == status
            )
