"""Files that are either the old one or the new one, never half of each; and strict JSON."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError


def write_atomically(path: Path, data: bytes, ready: Callable[[], None] = lambda: None) -> None:
    """Replace `path` by `data`, durably: temporary file, fsync, rename, fsync of the folder.

    A link stays a link: what it leads to is replaced. `ready` is called between the two, when the
    disk has taken the data, and the old file still stands.

    Raises:
        UserError: the disk refused; the old file is as it was.
    """
    try:
        _replace(Path(os.path.realpath(path)), data, ready)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            "{path} could not be written: {reason}. The file on disk is unchanged; "
            "choose another folder or free some space.",
            path=path,
            reason=reason,
        ) from error


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder of these files, durably: they are written into one beside, which then gets the
    name. It replaces a folder that holds no other names than they have.

    Raises:
        UserError: there is something else, or the disk refused; all is as it was.
    """
    if path.exists() and not _holds_only(path, files):
        raise UserError(
            "{path} is there already, and holds more than would be replaced. Choose a new folder.",
            path=path,
        )
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
            made, before = Path(beside) / "new", Path(beside) / "old"
            made.mkdir()
            for name, data in files.items():
                write_atomically(made / name, data)
            if path.exists():
                path.replace(before)
            made.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise UserError(
            "{path} could not be written: {reason}. Choose another folder or free some space.",
            path=path,
            reason=error.strerror or str(error),
        ) from error


def _holds_only(path: Path, names: Mapping[str, bytes]) -> bool:
    return path.is_dir() and {entry.name for entry in path.iterdir()} <= names.keys()


def would_lose(path: Path, data: bytes) -> bool:
    """Whether writing `data` to `path` would cost something else that is there now."""
    try:
        size = path.stat().st_size
        return path.is_dir() or (size > 0 and (size != len(data) or path.read_bytes() != data))
    except FileNotFoundError:
        return False
    except OSError:
        return True  # it is there, and nobody can tell what it is


def _replace(path: Path, data: bytes, ready: Callable[[], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(path))  # mkstemp's 0600 would hide the file from its group
        ready()
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _mode(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows can't open a folder
        return
    with suppress(OSError):  # some network file systems refuse; the new file stands all the same
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_json(path: Path, limit: int = 64_000_000) -> Any:
    """What a JSON file says, read strictly: UTF-8, no NaN or Infinity, no key twice.

    Raises:
        UserError: the file is missing, too large, or not such JSON.
    """
    return parse_json(read_text(path, limit), str(path))


def read_bytes(path: Path) -> bytes:
    """What a file holds.

    Raises:
        UserError: the file is missing or unreadable.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: OSError) -> UserError:
    reason = error.strerror or str(error)
    return UserError("{path} could not be read: {reason}.", path=path, reason=reason)


def read_text(path: Path, limit: int = 64_000_000) -> str:
    """The text of a UTF-8 file of at most `limit` bytes.

    Raises:
        UserError: the file is missing, unreadable, too large or not UTF-8.
    """
    try:
        if path.stat().st_size > limit:
            raise UserError("{path} is too large to be a project file.", path=path)
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            "{path} is not a text file in UTF-8, so it is no project file. Choose another file.",
            path=path,
        ) from error
    except OSError as error:
        raise _unread(path, error) from error


def parse_json(text: str, where: str) -> Any:
    """`text` as JSON, strictly.

    Raises:
        UserError: it is not JSON, or holds NaN, Infinity, a repeated key or too deep nesting.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_refused,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise UserError("{where} is nested too deeply to be read.", where=where) from error
    except ValueError as error:
        raise UserError(
            "{where} is not valid JSON: {reason}. Mend it there, or choose another file.",
            where=where,
            reason=error,
        ) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {repeated!r} stands twice in one object")
    return found


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is not a number here")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large for a number")
    return number
