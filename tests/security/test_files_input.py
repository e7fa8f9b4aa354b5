"""Files somebody else wrote: one sentence for what is wrong, and nothing in them acts on the terminal."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import command
from configurations import only, openai, plan, service
from growth import assert_grows_with_size
from hypothesis import example, given
from hypothesis import strategies as st

from one_adapter.config.document import parse
from one_adapter.lint import judge
from one_adapter.plan.addresses import base_address, has_password, split_url, without_password

#: Hosts that Go takes and urllib raises over, or that become another host when they are normalised.
ODD_HOSTS = [
    "us]",
    "[::1%25ü]",
    "h℀.example",
    "h／evil.example",
    "h＠evil.example",
    "h？evil.example",
    "h：1",
    "ａ．example",
    "xn--a",
    "a..b",
    "." * 300,
    "模" * 100,
    "[v1.x]",
]
WORDS = [
    ["lint"],
    ["lint", "--format", "json"],
    ["lint", "--format", "github"],
    ["lint", "--format", "sarif"],
    ["explain"],
    ["explain", "--format", "json"],
    ["explain", "--format", "mermaid"],
    ["export"],
    ["export", "--pure"],
    ["export", "--secrets", "inline"],
    ["export", "-o", "/dev/null", "--report", "-"],
    ["export", "-o", "/dev/null", "--report", "OUT/r.json", "--force"],
    ["export", "-o", "/dev/null", "--report", "OUT/r.html", "--force"],
]
each_way = pytest.mark.parametrize("words", WORDS, ids=" ".join)


def run(tmp_path: Path, config: object, words: list[str]) -> tuple[int, str]:
    """Exit code and all that is printed and written; an exception would come out."""
    path = tmp_path / "gateway.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    words = [word.replace("OUT", str(tmp_path)) for word in words]
    done = command(words[0], str(path), *words[1:])
    reports = [each.read_text() for each in tmp_path.glob("r.*")]
    return done.code, "\n".join([done.output, *reports])


# Addresses.


@given(st.text() | st.text("[]:/@?#%us1.\u2100／", max_size=20))
@example("http://[::1/v1")
@example("http://us]-x/v1")
@example("http://a@[b")
def test_any_text_is_split_and_shown_without_an_error(text: str) -> None:
    parts = split_url(text)
    assert "@" not in parts.host
    assert base_address(text).url.isascii()
    assert isinstance(has_password(text), bool)
    secret = parts.userinfo
    if (
        len(secret) > 5
        and secret not in parts.path + parts.query
        and secret not in parts.netloc[len(secret) :]
    ):
        assert secret not in without_password(text).partition("#")[0]


@pytest.mark.half_of_product
@pytest.mark.parametrize("host", ODD_HOSTS)
@each_way
def test_an_odd_host_ends_in_no_traceback(tmp_path: Path, host: str, words: list[str]) -> None:
    code, said = run(tmp_path, openai(service("m", server_url=f"http://u:pa55word@{host}/v1")), words)
    assert code in (0, 1)
    assert "inline" in words or "pa55word" not in said


@pytest.mark.parametrize("host", [host for host in ODD_HOSTS if host != "us]"])
def test_an_odd_host_never_becomes_another_one(host: str) -> None:
    url = base_address(f"http://{host}/v1").url
    assert url.count("/") == 3
    assert url.endswith("/v1")
    assert "@" not in url
    assert "?" not in url


@pytest.mark.half_of_product
@pytest.mark.parametrize("location", ["us]", "us[", "a/b", "a@b", "evil.example/#", "a b", "é"])
@each_way
def test_a_location_that_is_none_is_found_and_nothing_breaks(
    tmp_path: Path, location: str, words: list[str]
) -> None:
    credentials = {"project_id": "p", "location": location, "json_file": "x.json"}
    for config in (
        only("vertexai", models=["m"], credentials=credentials),
        only("vertexai", models=["m"], credential_list=[{**credentials, "location": "global"}, credentials]),
    ):
        code, _ = run(tmp_path, config, words)
        assert code == 0
        (found,) = [
            each for each in judge(parse(json.dumps(config).encode(), "c.json")) if each.code == "SOA609"
        ]
        assert found.pointer.endswith("/location")


@pytest.mark.parametrize("location", ["us-central1", "global", "", " europe-west4 "])
def test_a_location_of_googles_is_fine(location: str) -> None:
    config = only("vertexai", models=["m"], credentials={"project_id": "p", "location": location})
    assert "SOA609" not in {each.code for each in judge(parse(json.dumps(config).encode(), "c.json"))}


@pytest.mark.parametrize("char", ["\0", "\n", "\r", "\x1b", "\x7f"])
def test_a_control_character_in_a_key_is_found(char: str) -> None:
    key = f"sk-a{char}b"
    for config in (
        openai(service("m", credentials={"api_key": key})),
        openai(service("m", credential_list=[{"api_key": "k"}, {"api_key": key}])),
        openai(service("m"), api_key=key),
        openai(service("m"), api_keys=[{"api_key": key, "supported_models": {"x": ["*"]}}]),
        only("xinghuo", models=["spark-lite"], credentials={"appid": "a", "api_key": "b", "api_secret": key}),
    ):
        found = {each.code for each in judge(parse(json.dumps(config).encode(), "c.json"))}
        assert "SOA516" in found
    assert "SOA516" not in {
        each.code
        for each in judge(
            parse(
                json.dumps(openai(service("m", credentials={"api_key": f"{key[:4]}{char}"}))).encode(),
                "c.json",
            )
        )
        if char in "\r\n"
    }, "what is trimmed away does no harm"


# The terminal.

#: Colours, a cleared screen, a title, C1 controls, directions, invisible marks, line ends of all kinds.
ACTING = (
    "\x1b[31m\x1b]0;t\x07\x08\x9b2J\x90\u202e\u2066\u200e\u061c\u2028\u2029\u0085\ufeff\u00ad\U000e0041\r"
)
ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)


@each_way
@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_nothing_in_a_file_acts_on_the_terminal(tmp_path: Path, words: list[str], ending: str) -> None:
    config: dict[str, Any] = openai(
        service(f"a{ACTING}b", "plain", model_redirect={f"r{ACTING}": "plain"}, **{f"u{ACTING}": ACTING}),
        service("c", server_url="http://h.example/" + ACTING.replace("\x1b", "").strip() + "/v1"),
        load_balancing="first",
        translation={"prompt_template": f"{ACTING}%s%s"},
        **{f"x{ACTING}": 1},
    )
    config["services"]["openai"][1]["server_url"] = "http://h.example/\u202ea\u009b2J/v1"
    path = tmp_path / f"a{ACTING.replace(chr(10), '')}.{ending}"
    path.write_text(json.dumps(config) if ending == "json" else yaml.safe_dump(config, allow_unicode=True))
    words = [word.replace("OUT", str(tmp_path)) for word in words]
    done = command(words[0], str(path), *words[1:])
    assert done.code in (0, 1)
    for text in (done.output, *(each.read_text() for each in tmp_path.glob("r.*"))):
        assert not ACTS.search(text), repr(ACTS.search(text))


@pytest.mark.parametrize(
    "words",
    [
        ["lint", f"no{ACTING}\n.json"],
        ["explain", f"no{ACTING}\n.json"],
        ["export", f"no{ACTING}\n.json"],
        ["export", "CONFIG", "-o", f"no{ACTING}\n/no/x.yaml"],
        ["export", "CONFIG", "--report", f"no{ACTING}\n/r.md"],
        ["export", "CONFIG", f"more{ACTING}\n"],
        ["export", "CONFIG", f"--no{ACTING}\n"],
        ["export", "CONFIG", "--secrets", f"no{ACTING}\n"],
        ["explain", "CONFIG", "--model", f"no{ACTING}\n"],
        ["explain", "CONFIG", "--format", f"no{ACTING}\n"],
        ["lint", "CONFIG", "--select", f"no{ACTING}\n"],
        ["lint", "--explain", f"no{ACTING}\n"],
        [f"no{ACTING}\n"],
    ],
    ids=lambda words: " ".join(words).split("no")[0],
)
def test_no_word_of_the_command_line_acts_on_the_terminal(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("CONFIG").write_text(json.dumps(openai(service("m"))))
    Path("CONFIG").rename("c.json")
    words = ["c.json" if word == "CONFIG" else word for word in words]
    done = command(*words)
    assert done.code in (1, 2)
    assert not ACTS.search(done.output), repr(ACTS.search(done.output))
    sentences = [line for line in done.err.splitlines() if line.startswith(("Error: ", "one-adapter: "))]
    assert len(sentences) == 1


@pytest.mark.proxy
def test_nothing_in_a_file_acts_on_the_terminal_of_run(tmp_path: Path) -> None:
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(only("openai", models=[f"a{ACTING}"])))
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "one_adapter", "run", str(path), "--port", port]
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode != 0
    assert "no address is known for a" in said
    assert not ACTS.search(said), repr(ACTS.search(said))


# Bombs.


def laughs(levels: int) -> str:
    """Lists of nine times the list before."""
    return "services: {}\na0: &a0 {x: y}\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, levels)
    )


def merges(levels: int) -> str:
    """Maps that merge the map before nine times."""
    return "services: {}\nb0: &b0 {k0: v}\n" + "".join(
        f"b{n}: &b{n}\n  k{n}: v\n  <<: [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, levels)
    )


def merged(times: int) -> str:
    """A map of so many keys, merged so many times."""
    keys = "".join(f"  k{n}: v\n" for n in range(times))
    return f"a: &a\n{keys}b:\n  <<: [{'*a, ' * times}*a]\n"


def names(count: int) -> list[str]:
    return [f"m{n}" for n in range(count)]


#: What is written, and the larger of the two sizes it is tried in.
BOMBS: dict[str, tuple[Callable[[int], object], int]] = {
    "laughs.yaml": (laughs, 16),
    "merges.yaml": (merges, 16),
    "merged twice.yaml": (merged, 2_000),
    "deep.json": (lambda n: '{"services":' + '{"a":' * n + "1" + "}" * (n + 1), 9_000),
    "deep.yaml": (lambda n: "services: " + "[" * n + "]" * n, 900),
    "too deep.json": (lambda n: "[" * n, 200_000),
    "too deep.yaml": (lambda n: "- " * n, 200_000),
    "digits.json": (lambda n: '{"services": {}, "server_port": ' + "9" * n + "}", 200_000),
    "digits.yaml": (lambda n: "services: {}\nserver_port: " + "9" * n, 200_000),
    "exponent.json": (lambda _: '{"services": {"openai": [{"limit": {"qps": 1e308, "timeout": 1e400}}]}}', 2),
    "a long key.json": (lambda n: '{"services": {"' + "a" * n + '": []}}', 500_000),
    "a long name.json": (lambda n: openai(service("m" * n)), 500_000),
    "a long query.json": (lambda n: openai(service("m", server_url="http://h/v1?" + "a&" * n)), 50_000),
    "a long host.json": (lambda n: openai(service("m", server_url="http://" + "模" * n + "/v1")), 150_000),
    "many names.json": (lambda n: openai(service(*names(n))), 2_000),
    "many maps.json": (lambda n: openai(service(*names(n), model_map=dict.fromkeys(names(n), "x"))), 2_000),
    "many keys.json": (
        lambda n: openai(service("m"), api_keys=[{"api_key": f"key-{k:06}", "note": k} for k in range(n)]),
        2_000,
    ),
    "quotes.json": (lambda n: {"services": {}, "x": "'\"@:" * n}, 100_000),
    "colons.json": (lambda n: {"services": {}, "x": "://" + "a:" * n + " @"}, 150_000),
    "queries.json": (lambda n: {"services": {}, "x": "?://" * n}, 100_000),
    "sk.json": (lambda n: {"services": {}, "x": "://h" + "/sk-" * n}, 100_000),
    "cut off with secrets.json": (lambda n: '{"api_key": "' + "secret_key " * n, 50_000),
    "placeholders.json": (lambda n: openai(service("m", credentials={"api_key": "a-" * n})), 150_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("words", [["lint"], ["explain"], ["export", "--report", "-"]], ids=" ".join)
def test_a_bomb_costs_no_more_than_its_size(tmp_path: Path, name: str, words: list[str]) -> None:
    bomb, size = BOMBS[name]

    def light(size: int) -> Callable[[], None]:
        made = bomb(size)
        text = made if isinstance(made, str) else json.dumps(made)
        path = tmp_path / f"{size} {name}"
        path.write_text(text)

        def work() -> None:
            done = command(words[0], str(path), *words[1:])
            assert done.code in (0, 1)
            assert len(done.output) < 120 * len(text) + 100_000

        return work

    assert_grows_with_size(light(size // 2), light(size))


def test_a_file_beyond_the_limit_is_refused_from_standard_input_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.json"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    for words in (["lint"], ["explain"], ["export"]):
        done = command(words[0], str(path))
        assert done.code == 2
        assert "larger than 64 MiB" in done.output

    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            return len(buffer)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    from one_adapter.config.document import read_bytes
    from one_adapter.errors import OneAdapterError

    with pytest.raises(OneAdapterError, match="larger than 64 MiB"):
        read_bytes("-")


def test_the_plan_of_an_odd_address_still_names_it() -> None:
    config = only("vertexai", models=["m"], credentials={"project_id": "p", "location": "us]"})
    route = plan(config).route("m")
    assert route is not None
    assert route.targets[0].upstream.url == "https://us]-aiplatform.googleapis.com"
