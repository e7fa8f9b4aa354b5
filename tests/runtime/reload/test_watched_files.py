"""Files that are saved in all the ways there are, and what is made of it and when.

The files are real; the clock is the test's. A look each `pause` of the source is what whoever watches does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.reload import watch
from one_adapter.runtime.reload.exported import read_file
from one_adapter.runtime.reload.generation import Generation, fingerprint_of
from one_adapter.runtime.reload.watch import SETTLE_SECONDS, Content, Files, Refused, Told, mounted_alone

OLD, NEW = "model: old\n", "model: new, and longer than the old one\n"
#: Seconds after which a change is to be seen at the latest.
SOON = 2.5


def make(content: Content, number: int) -> Generation:
    """What a configuration of these tests means: nothing is good that has a brace without its end."""
    text = content[0].decode()
    if text.count("{") != text.count("}"):
        raise Refused("half of it is missing", half=True)
    if "wrong" in text:
        raise Refused("model: wrong is refused")
    return Generation(number, fingerprint_of(text.partition("#")[0], {}), text, {})


class Watched:
    """A file that is watched, and the time that passes."""

    def __init__(self, path: Path, text: str = OLD) -> None:
        self.path, self.now = path, 100.0
        if not os.path.lexists(path):
            path.write_text(text)
        content = (path.read_bytes(),)
        self.source = Files(
            [str(path)],
            lambda: (read_file(str(path)),),
            make,
            make(content, 1),
            content,
            lambda: self.now,
            self.sleep,
        )
        self.pass_by(20.0)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pass_by(self, seconds: float) -> list[Generation | Told]:
        """What is found in so many seconds."""
        end, found = self.now + seconds, []
        while self.now < end:
            one = self.source.look()
            if one is not None:
                found.append(one)
            self.now += self.source.pause
        return found

    def texts(self, seconds: float = SOON) -> list[str]:
        return [one.config if isinstance(one, Generation) else one.text for one in self.pass_by(seconds)]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "config.yaml")


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def rename_over(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(text)
    draft.replace(path)


def backup_first(path: Path, text: str) -> None:
    path.rename(path.with_suffix(".old"))
    path.write_text(text)
    path.with_suffix(".old").unlink()


def delete_and_create(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def same_stat(path: Path, text: str) -> None:
    """As a copy does that keeps the times, of a text of the same length."""
    times = path.stat()
    path.write_text(text)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


SAVES = [in_place, rename_over, backup_first, delete_and_create, same_stat]


@pytest.mark.parametrize("save", SAVES)
def test_every_save_is_seen_and_the_next_one_too(watched: Watched, save: Callable[[Path, str], None]) -> None:
    for number, text in enumerate(("model: one\n", "model: two\n", "model: six\n"), 2):
        save(watched.path, text)
        (found,) = watched.pass_by(SOON)
        assert isinstance(found, Generation)
        assert (found.number, found.config) == (number, text)


def test_the_swap_of_a_configmaps_link_is_seen(tmp_path: Path) -> None:
    for name, text in (("..1", OLD), ("..2", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("..1")
    path = tmp_path / "config.yaml"
    path.symlink_to("..data/config.yaml")
    watched = Watched(path)
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    shutil.rmtree(tmp_path / "..1")
    assert watched.texts() == [NEW]


def test_a_file_that_is_emptied_and_filled_two_seconds_later_is_taken_then_without_a_word(
    watched: Watched,
) -> None:
    watched.path.write_text("")
    assert watched.texts(2.0) == []
    watched.path.write_text(NEW)
    assert watched.texts() == [NEW]


def test_two_readings_at_almost_the_same_moment_count_as_one(watched: Watched) -> None:
    watched.path.write_text(NEW)
    assert watched.source.look() is None
    watched.sleep(SETTLE_SECONDS / 4)
    assert watched.source.look() is None
    watched.sleep(SETTLE_SECONDS)
    assert isinstance(watched.source.look(), Generation)


def test_half_a_file_for_two_seconds_is_not_taken_and_not_told(watched: Watched) -> None:
    watched.path.write_text("{model: n")
    assert watched.texts(2.0) == []
    watched.path.write_text("{model: new}\n")
    assert watched.texts() == ["{model: new}\n"]


def test_half_a_file_that_can_be_read_is_waited_for_when_its_last_line_has_no_end(watched: Watched) -> None:
    watched.path.write_text(NEW[:10])
    assert watched.texts(2.0) == []
    watched.path.write_text(NEW)
    assert watched.texts() == [NEW]


def test_a_file_whose_last_line_stays_without_an_end_is_taken_after_a_while(watched: Watched) -> None:
    watched.path.write_text(NEW.rstrip())
    assert watched.texts(6.0) == [NEW.rstrip()]
    watched.path.write_text("model: x")
    assert watched.texts() == ["model: x"]


def test_a_file_that_grows_is_taken_when_it_no_longer_does(watched: Watched) -> None:
    for size in range(5, len(NEW), 5):
        watched.path.write_text(NEW[:size] + "\n")
        assert watched.pass_by(0.1) == []
    watched.path.write_text(NEW)
    assert watched.texts() == [NEW]


def test_half_a_file_for_long_is_told_once_and_watched_on(watched: Watched) -> None:
    watched.path.write_text("{model: n")
    assert watched.texts(30.0) == ["not reloaded: half of it is missing"]
    watched.path.write_text(NEW)
    assert watched.texts() == [NEW]


def test_a_file_that_is_gone_for_five_seconds_is_told_once_and_the_same_again_is_nothing_new(
    watched: Watched,
) -> None:
    watched.path.unlink()
    assert watched.texts(5.0) == [f"not reloaded: {watched.path}: there is no such file"]
    watched.path.write_text(OLD)
    assert watched.texts() == []
    watched.path.write_text(NEW)
    assert watched.texts() == [NEW]


def test_what_is_refused_is_told_at_once_and_once_for_each_content(watched: Watched) -> None:
    watched.path.write_text("model: wrong\n")
    assert watched.texts() == ["not reloaded: model: wrong is refused"]
    assert watched.texts(30.0) == []
    watched.path.write_text("model: wrong again\n")
    assert watched.texts() == ["not reloaded: model: wrong is refused"]


def test_a_comment_is_no_new_generation(watched: Watched) -> None:
    watched.path.write_text(f"{OLD}# why\n")
    assert watched.texts() == []
    assert watched.source.look(asked=True) == Told("nothing has changed, generation 1 goes on")


def test_nothing_is_read_while_nothing_says_that_it_has_changed(watched: Watched) -> None:
    read: list[float] = []
    content = (watched.path.read_bytes(),)
    source = Files(
        [str(watched.path)],
        lambda: (read.append(watched.now), watched.path.read_bytes())[1:],  # type: ignore[func-returns-value]
        make,
        make(content, 1),
        content,
        lambda: watched.now,
    )
    for _ in range(60):
        source.look()
        watched.now += 1.0
    assert 5 <= len(read) <= 10


def test_who_asks_gets_an_answer_at_once_whatever_there_is(watched: Watched) -> None:
    found = watched.source.look(asked=True)
    assert found == Told("nothing has changed, generation 1 goes on")
    watched.path.write_text("{model: n")
    assert watched.source.look(asked=True) == Told("not reloaded: half of it is missing", refused=True)
    assert watched.source.look(asked=True) == Told("not reloaded: half of it is missing", refused=True)
    watched.path.write_text(NEW)
    found = watched.source.look(asked=True)
    assert isinstance(found, Generation)
    assert (found.number, found.config) == (2, NEW)
    watched.path.unlink()
    missing = watched.source.look(asked=True)
    assert isinstance(missing, Told)
    assert "there is no such file" in missing.text


def test_what_could_not_be_put_in_force_is_found_again_by_who_asks_with_the_next_number(
    watched: Watched,
) -> None:
    watched.path.write_text(NEW)
    assert watched.texts() == [NEW]
    watched.source.refused()
    assert watched.texts(30.0) == []
    again = watched.source.look(asked=True)
    assert isinstance(again, Generation)
    assert (again.number, again.config) == (3, NEW)


def test_an_error_that_is_not_of_the_files_form_is_told_at_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "config.yaml")

    def other(content: Content, number: int) -> Generation:  # noqa: ARG001
        raise OneAdapterError("no model is left")

    watched.source._make = other
    watched.path.write_text(NEW)
    assert watched.texts() == ["not reloaded: no model is left"]


class TestMounts:
    """A file that is mounted alone shows one file for ever, whatever takes its place outside."""

    @pytest.fixture
    def mounts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        listed = tmp_path / "mountinfo"
        listed.write_text(
            "22 1 0:21 / / rw - overlay o rw\n23 22 8:1 /c /etc/a\\040b/config.json ro - ext4 s ro\n"
        )
        monkeypatch.setattr(watch, "MOUNTS", listed)
        return listed

    @pytest.mark.usefixtures("mounts")
    def test_it_is_found_in_the_list_of_mounts(self) -> None:
        assert mounted_alone("/etc/a b/config.json")
        assert not mounted_alone("/etc/a b/other.json")

    def test_without_a_list_nothing_is_said(self, mounts: Path) -> None:
        mounts.unlink()
        assert not mounted_alone("/etc/a b/config.json")
