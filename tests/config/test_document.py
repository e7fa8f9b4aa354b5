"""A source file as a document: kinds of file, pointers, positions, and what cannot be read at all."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import LARGEST_FILE_BYTES, Document, leaves, load, parse
from one_adapter.config.node import escape, segments
from one_adapter.errors import OneAdapterError


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("c.json", b"a: 1", "json"),
        ("c.yaml", b"{}", "yaml"),
        ("c.yml", b"{}", "yaml"),
        ("-", b' {"a": 1}', "json"),
        ("-", b"[1]", "json"),
        ("-", b"a: 1", "yaml"),
        ("c.txt", b"a: 1", "yaml"),
        ("c", b"{}", "json"),
    ],
)
def test_the_ending_decides_the_kind_of_file_and_else_the_first_character(
    name: str, data: bytes, format: str
) -> None:
    assert parse(data, name).format == format


def test_a_named_kind_wins_over_the_ending() -> None:
    assert parse(b"a: 1", "c.json", "yaml").root is not None


@pytest.mark.parametrize(
    ("name", "shown"), [("c.JSON", ".JSON"), ("c.toml", ".toml"), ("c", "without an ending")]
)
def test_an_ending_the_gateway_does_not_read_is_told_beside_the_tree(name: str, shown: str) -> None:
    document = parse(b'{"a": 1}', name)
    assert document.problem is not None
    assert document.problem.kind == "ending"
    assert shown in document.problem.message
    assert document.root is not None
    assert document.root.value == {"a": 1}


def test_an_ending_the_gateway_does_not_read_hides_no_broken_syntax() -> None:
    document = parse(b"{", "c.conf")
    assert document.root is None
    assert document.problem is not None
    assert document.problem.kind == "ending"


def test_standard_input_may_be_either_kind() -> None:
    assert parse(b"{}", "-").problem is None


def test_yaml_that_is_not_utf8_is_refused_at_its_place() -> None:
    document = parse(b"a: 1\nb: \xff\n", "c.yaml")
    assert document.root is None
    assert document.problem is not None
    assert document.problem.kind == "encoding"
    assert document.position(document.problem.span.start) == (2, 4)


def test_json_that_is_not_utf8_is_read_with_replacement_characters() -> None:
    document = parse(b'{"a": "x\xff"}', "c.json")
    assert document.problem is None
    assert document.root is not None
    assert document.root.value == {"a": "x\ufffd"}


SAMPLE = parse(b'{"a/b": [10, {"~": "x"}], "k": 1, "k": {"z": 2}}', "c.json")


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/a~1b/0", 10),
        ("/a~1b/1/~0", "x"),
        ("/k", {"z": 2}),
        ("/k/z", 2),
    ],
)
def test_a_pointer_leads_to_its_node(pointer: str, expected: object) -> None:
    node = SAMPLE.find(pointer)
    assert node is not None
    assert node.value == expected


@pytest.mark.parametrize(
    "pointer", ["/no", "/a~1b/2", "/a~1b/-1", "/a~1b/x", "/a~1b/9999999999", "/k/z/deep", "/no/no"]
)
def test_a_pointer_to_nothing_finds_nothing(pointer: str) -> None:
    assert SAMPLE.find(pointer) is None


def test_the_root_is_found_by_the_empty_pointer() -> None:
    assert SAMPLE.find("") is SAMPLE.root
    assert parse(b"{", "c.json").find("") is None


def test_a_key_is_known_with_its_quotes() -> None:
    assert SAMPLE.root is not None
    span = SAMPLE.root.members[-1].key_span
    assert SAMPLE.position(span.start) == (1, 35)
    assert SAMPLE.text[span.start : span.end] == '"k"'


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, (1, 1)), (1, (1, 2)), (2, (2, 1)), (4, (3, 1)), (5, (4, 1)), (6, (4, 2))]
)
def test_lines_end_with_lf_crlf_or_cr(offset: int, expected: tuple[int, int]) -> None:
    assert Document("x", "json", "a\n\r\n\rbc", None, None, ()).position(offset) == expected


def test_leaves_are_scalars_and_empty_containers_in_file_order() -> None:
    document = parse(b'{"b": [1, [], {"c": null}], "a": {}, "d~/": "x", "b2": 1, "b2": 2}', "c.json")
    assert document.root is not None
    found = [(pointer, node.value) for pointer, node in leaves(document.root)]
    assert found == [("/b/0", 1), ("/b/1", []), ("/b/2/c", None), ("/a", {}), ("/d~0~1", "x"), ("/b2", 2)]


@given(st.lists(st.text(), min_size=1))
def test_a_pointer_is_taken_apart_into_the_keys_it_was_made_of(keys: list[str]) -> None:
    assert segments("".join(f"/{escape(key)}" for key in keys)) == keys


@given(st.binary(max_size=60), st.sampled_from(["c.json", "c.yaml", "-", "c", "c.txt"]))
def test_any_bytes_become_a_document(data: bytes, name: str) -> None:
    document = parse(data, name)
    assert (document.root is None) <= (document.problem is not None)
    if document.problem is not None:
        line, column = document.position(document.problem.span.start)
        assert line >= 1
        assert column >= 1


SNIPPETS = st.sampled_from(
    [
        *"{}[]#'\"@`~1\t\x00",
        "a: ",
        "- ",
        "&x ",
        "*x",
        "<<: ",
        ", ",
        "\n",
        "  ",
        "!!int ",
        "!<",
        "? ",
        "|\n",
        *["%YAML 1.2\n", "---\n", "...\n", "0x", "\ufeff", "中", "\x85", "\u2028"],
    ]
)


@given(st.lists(SNIPPETS, max_size=12).map("".join))
def test_any_yaml_like_text_becomes_a_document(text: str) -> None:
    document = parse(text.encode(), "c.yaml")
    assert (document.root is None) == (document.problem is not None)
    if document.root is not None:
        for pointer, node in leaves(document.root):
            assert document.find(pointer) is node
            assert 0 <= node.span.start <= node.span.end <= len(document.text)


def test_a_file_is_loaded_under_its_name(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_bytes(b'{"a": 1}')
    document = load(str(file))
    assert document.name == str(file)
    assert document.root is not None
    assert document.root.value == {"a": 1}


def message(path: str | Path) -> str:
    with pytest.raises(OneAdapterError) as raised:
        load(str(path))
    assert raised.value.exit_code == 2
    return str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert message(tmp_path / "no.json").endswith("no.json: there is no such file")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert message(tmp_path).endswith("is a directory, not a configuration file")


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "c.json"
    os.mkfifo(pipe)
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(message(pipe)), daemon=True)
    thread.start()
    thread.join(10)
    assert said
    assert said[0].endswith("is not a regular file")


def test_a_name_no_file_can_have_is_refused() -> None:
    assert "cannot be read" in message("a\0b.json")
    assert "cannot be read" in message("x" * 5000)


def test_a_link_that_goes_round_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "c.json"
    link.symlink_to(link)
    assert "cannot be read" in message(link)


def test_more_than_64_mib_is_no_configuration(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    with file.open("wb") as handle:
        handle.truncate(LARGEST_FILE_BYTES + 1)
    assert message(file).endswith("larger than 64 MiB, that is no configuration")


def test_a_file_the_system_will_not_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_bytes(b"{}")
    memory = Path("/proc/self/mem")  # a regular file whose first byte nobody may read
    if memory.exists():
        assert "cannot be read" in message(memory)
    else:
        file.chmod(0)
        assert "cannot be read" in message(file)


def test_standard_input_is_read_once_and_called_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}')))
    document = load("-")
    assert (document.name, document.format) == ("-", "json")
    assert document.root is not None
    assert document.root.value == {"a": 1}
