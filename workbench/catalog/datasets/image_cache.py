"""Decoded images in files of the program's own: uncompressed uint8, to be memory-mapped."""

import contextlib
import hashlib
import json
import math
import mmap
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from workbench.catalog.datasets.image_decoding import Rule, Unreadable, in_threads, pixels
from workbench.catalog.datasets.rows import Rows
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.files import write_atomically
from workbench.core.places import user_data

LARGEST = 20_000_000_000
"""Bytes that all caches together may take; the oldest give way."""
STALE_SECONDS = 86_400.0
"""After a day, nobody is writing a temporary file any more."""


class Decoded(NamedTuple):
    """All images in the order of their files, and why some are none: those rows are black."""

    rows: Rows
    unreadable: dict[int, str]


def cache_dir() -> Path:
    """Where decoded images are kept."""
    return user_data() / "cache"


def decoded(
    root: Path, names: Sequence[str], digest: str, rule: Rule
) -> Generator[Progress, None, Decoded]:
    """The images below `root` as `rule` says, from the cache or, the first time, from the files.

    `digest` is of the files, so what has changed is decoded anew.

    Raises:
        UserError: there is no room for them.
        OSError: a file is gone, or the disk refuses.
    """
    path = cache_dir() / f"{_key(root, digest, rule)}.npy"
    kept = _kept(path, len(names))
    if kept is None:
        yield from _write(root, names, rule, path)
        kept = _read(path)
    return kept


def _key(root: Path, digest: str, rule: Rule) -> str:
    """Of the folder too: copies of names, sizes and times may well hold other pixels."""
    told = json.dumps([1, os.fsencode(root.resolve()).hex(), digest, *rule])  # 1 is of decoding
    return hashlib.sha256(told.encode()).hexdigest()[:40]


def _kept(path: Path, count: int) -> Decoded | None:
    """What the cache holds; None where it is missing, or half there after a crash."""
    with contextlib.suppress(OSError, ValueError):
        os.utime(path)  # which is the oldest counts from the last use
        found = _read(path)
        return found if len(found.rows) == count else None
    return None


def _read(path: Path) -> Decoded:
    import numpy as np

    reasons = json.loads(_reasons(path).read_text("utf-8"))
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        array = np.frombuffer(pages, kind, offset=file.tell()).reshape(shape)
    unreadable = {int(row): reason for row, reason in reasons.items()}
    return Decoded(Rows(array, np.arange(shape[0]), pages), unreadable)


def _reasons(path: Path) -> Path:
    return path.with_suffix(".json")


def _write(
    root: Path, names: Sequence[str], rule: Rule, path: Path
) -> Generator[Progress, None, None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    needed = len(names) * rule.channels * rule.height * rule.width
    _make_room(path.parent, needed)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            unreadable = yield from _decode(root, names, rule, file)
            file.flush()
            os.fsync(file.fileno())
        write_atomically(_reasons(path), json.dumps(unreadable).encode())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _decode(
    root: Path, names: Sequence[str], rule: Rule, file: IO[bytes]
) -> Generator[Progress, None, dict[int, str]]:
    """Write the images one behind the other: a map to write to would count as memory."""
    import numpy as np

    shape = (len(names), rule.channels, rule.height, rule.width)
    described = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, described)
    unreadable: dict[int, str] = {}
    black = np.zeros(shape[1:], np.uint8)
    done = 0
    work = partial(_pixels, root, rule)
    for made in in_threads(work, names, math.prod(shape[1:])):
        for row, found in enumerate(made, done):
            if isinstance(found, Unreadable):
                unreadable[row] = found.reason
            array: Any = black if isinstance(found, Unreadable) else found
            file.write(np.ascontiguousarray(array).data)
        done += len(made)
        yield Progress(text=f"Decoding {root.name}", done=done, total=len(names))
    return unreadable


def _pixels(root: Path, rule: Rule, name: str) -> Any:
    return pixels(str(root / name), rule)


def _make_room(folder: Path, needed: int) -> None:
    """Remove the oldest caches until all fit with `needed` bytes more; none where that is vain.

    Raises:
        UserError: the disk has no room for that.
    """
    _remove_stale(folder)
    held = sorted(_caches(folder))
    total = sum(size for _, size, _ in held)
    if needed > min(LARGEST, _free(folder) + total):
        raise _no_room(folder, needed)
    for _, size, path in held:
        if total + needed <= LARGEST and needed <= _free(folder):
            break
        total -= size
        with contextlib.suppress(OSError):  # Windows keeps what is mapped
            path.unlink()
            _reasons(path).unlink()
    if needed > _free(folder):  # what is mapped is freed only when it is no longer used
        raise _no_room(folder, needed)


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _no_room(folder: Path, needed: int) -> UserError:
    return UserError(
        "The decoded images would take {needed} GB in {folder}, which is more than there is "
        "room for. Choose a smaller size, or free some space.",
        needed=f"{needed / 1e9:.1f}",
        folder=folder,
    )


def _caches(folder: Path) -> Iterator[tuple[float, int, Path]]:
    for path in folder.glob("*.npy"):
        with contextlib.suppress(OSError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path


def _remove_stale(folder: Path) -> None:
    for path in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
