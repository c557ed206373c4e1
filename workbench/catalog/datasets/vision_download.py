"""Downloads of torchvision's files: piece by piece into a folder of their own, checked, then moved.

Torchvision's own is one call that says nothing until its end and leaves what came so far.
"""

import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

from workbench.core.events import Progress

BLOCK = 1 << 16
ANSWER_SECONDS = 30.0
LOOK_SECONDS = 0.1
STALE_SECONDS = 86_400.0
"""After a day, nobody is writing to a temporary folder any more."""
_PREFIX = ".download-"


class RemoteFile(NamedTuple):
    """A file: where it is published, its place below the root, and its MD5 or how its SHA-256
    begins."""

    urls: tuple[str, ...]
    place: str
    md5: str = ""
    sha256: str = ""

    def is_at(self, path: Path) -> bool:
        """Whether the file at `path` is it."""
        if self.md5:
            return _digest(path, hashlib.md5(usedforsecurity=False)) == self.md5
        return _digest(path, hashlib.sha256()).startswith(self.sha256)


class DamagedError(Exception):
    """A file came otherwise than it was published."""


class _Cancelled(Exception):  # noqa: N818
    """Nobody waits for it any more."""


def archive(kind: Any) -> list[RemoteFile]:
    """The one archive of a class of torchvision."""
    return [RemoteFile((kind.url,), kind.filename, kind.tgz_md5)]


def fetched(
    files: Sequence[RemoteFile],
    root: Path,
    title: str,
    unpack: Callable[[Path], object] | None = None,
) -> Generator[Progress, None, None]:
    """Bring the files below `root`, with what `unpack` makes of them in a folder that has them all.

    Closed before its end, it returns within a second and leaves nothing behind.

    Raises:
        DamagedError: a file came otherwise than it was published.
        HTTPException: the server said what is no answer.
        OSError: no network, as URLError, TimeoutError or ConnectionError; or the disk refuses.
    """
    root.mkdir(parents=True, exist_ok=True)
    _remove_stale(root)
    work = _Work(files, root, title, unpack)
    try:
        work.start()
        while work.is_alive():
            work.join(LOOK_SECONDS)
            yield work.progress
        if work.error:
            raise work.error
        _move(work.folder, root)
    finally:
        work.cancel()


def _remove_stale(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _move(folder: Path, root: Path) -> None:
    """Put the files into their places, over what was there."""
    for path in sorted(folder.rglob("*")):
        place = root / path.relative_to(folder)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            path.replace(place)


class _Work(threading.Thread):
    """The thread that waits for the network. One that nobody waits for any more, since its server
    is silent, ends by itself and writes nothing."""

    def __init__(
        self,
        files: Sequence[RemoteFile],
        root: Path,
        title: str,
        unpack: Callable[[Path], object] | None,
    ) -> None:
        super().__init__(name="download", daemon=True)
        self._files, self._root, self._title, self._unpack = files, root, title, unpack
        self.folder = Path(tempfile.mkdtemp(dir=root, prefix=_PREFIX))
        self.progress = Progress(text=f"Downloading {title}")
        self.error: Exception | None = None
        self._cancelled = threading.Event()

    def run(self) -> None:
        """All files, then what is in them."""
        try:
            for number, file in enumerate(self._files, 1):
                self._fetch(file, f"Downloading {self._title} ({number} of {len(self._files)})")
            if self._unpack:
                self.progress = Progress(text=f"Unpacking {self._title}")
                self._check_wanted()
                self._unpack(self.folder)
        except Exception as error:  # told by who waits for the thread
            self.error = error
        finally:
            if self._cancelled.is_set():
                shutil.rmtree(self.folder, ignore_errors=True)

    def cancel(self) -> None:
        """End it, or leave it to end alone; its folder is gone behind this."""
        self._cancelled.set()
        self.join(5 * LOOK_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _check_wanted(self) -> None:
        if self._cancelled.is_set():
            raise _Cancelled

    def _fetch(self, file: RemoteFile, text: str) -> None:
        path, there = self.folder / file.place, self._root / file.place
        path.parent.mkdir(parents=True, exist_ok=True)
        if there.is_file() and file.is_at(there):
            shutil.copyfile(there, path)
            return
        errors: list[Exception] = []
        for url in file.urls:
            try:
                self._copy(url, path, text)
                if not file.is_at(path):
                    raise DamagedError(file.place)
                return
            except (OSError, HTTPException, DamagedError) as error:
                self._check_wanted()
                errors.append(error)
        raise errors[-1]

    def _copy(self, url: str, path: Path, text: str) -> None:
        request = Request(url, headers={"User-Agent": "pytorch/vision"})  # noqa: S310
        with urlopen(request, timeout=ANSWER_SECONDS) as response, path.open("wb") as file:  # noqa: S310
            total, done = response.length or 0, 0
            self._check_wanted()
            while block := response.read1(BLOCK):
                self._check_wanted()
                file.write(block)
                done += len(block)
                self.progress = Progress(text=text, done=done, total=total, bytes=True)


def _digest(path: Path, digest: "hashlib._Hash") -> str:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def from_lists(lists: Iterable[Sequence[str]]) -> list[RemoteFile]:
    """What torchvision's lists of url, name and MD5 say."""
    return [RemoteFile((url,), name, md5) for url, name, md5 in lists]
