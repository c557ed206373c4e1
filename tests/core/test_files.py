"""A file is the old one or the new one; where the disk refuses, it is the old one."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.files import read_bytes, read_json, would_lose, write_atomically


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_file_is_written_and_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "net.workbench"
    write_atomically(path, b"one")
    write_atomically(path, b"two" * 1_000_000)
    assert path.read_bytes() == b"two" * 1_000_000
    assert entries(path.parent) == ["net.workbench"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "net.workbench"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomically(path, b"new")
    assert path.stat().st_mode & 0o777 == mode


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


FULL = """
import pathlib, resource, sys
from workbench.core.errors import UserError
from workbench.core.files import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # a disk with 4 kB left
try:
    write_atomically(pathlib.Path(sys.argv[1]), b"new" * 4096)
except UserError as error:
    print(error)
"""


def test_the_data_is_on_the_disk_before_the_name_and_the_name_before_it_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that a power failure can't turn into half a file, as the system is asked for it."""
    asked: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        asked.append("sync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "sync file")
        fsync(handle)

    def noted_replace(source: Path, target: Path) -> None:
        asked.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_atomically(tmp_path / "net.workbench", b"new")
    assert asked == ["sync file", "rename", "sync folder"]


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "net.workbench"
    path.write_bytes(b"old")
    done = python(FULL, path)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{path} could not be written: File too large. The file on disk")
    assert path.read_bytes() == b"old"
    assert entries(tmp_path) == ["net.workbench"]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    for path in (tmp_path / "file" / "net.workbench", tmp_path / "file" / "deep" / "net.workbench"):
        with pytest.raises(UserError, match=f"{path} could not be written"):
            write_atomically(path, b"new")
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert entries(tmp_path) == ["file"]


def test_a_folder_of_that_name_is_told_and_stays(tmp_path: Path) -> None:
    (tmp_path / "net.workbench" / "inner").mkdir(parents=True)
    with pytest.raises(UserError, match="could not be written"):
        write_atomically(tmp_path / "net.workbench", b"new")
    assert entries(tmp_path) == ["net.workbench"]
    assert entries(tmp_path / "net.workbench") == ["inner"]


def test_links_in_a_ring_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(UserError, match="could not be written"):
        write_atomically(tmp_path / "a" / "net.workbench", b"new")


ENDLESS = """
import pathlib, sys
from workbench.core.files import write_atomically
while True:
    for letter in (b"a", b"b"):
        write_atomically(pathlib.Path(sys.argv[1]), letter * 3_000_000)
        print(flush=True)
"""


def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "net.workbench"
    for written in range(1, 9):
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(path)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout
            for _ in range(written):
                writer.stdout.readline()
            writer.kill()
        data = path.read_bytes()
        assert len(data) == 3_000_000
        assert len(set(data)) == 1


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    path.write_text('{"a": [1, 2.5, null, true, "ü"], "b": {"a": -1e-9}}', "utf-8")
    assert read_json(path) == {"a": [1, 2.5, None, True, "ü"], "b": {"a": -1e-9}}


def test_what_writing_would_lose(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    assert not would_lose(path, b"new")
    path.write_bytes(b"")
    assert not would_lose(path, b"new")
    for there, is_lost in ((b"new", False), (b"old", True), (b"older", True)):
        path.write_bytes(there)
        assert would_lose(path, b"new") is is_lost
    assert would_lose(tmp_path, b"new")


def test_bytes_that_can_not_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone could not be read: No such file"):
        read_bytes(tmp_path / "gone")
