"""Whether a run is at work: a lock that its process holds, and that the system takes back with it.

A process id in a file would say less: after a crash another process may have the same one.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from workbench.core.errors import UserError
from workbench.core.runs import Run

log = logging.getLogger(__name__)

LOCK = "run.lock"
TRIES, PAUSE = 10, 0.02  # who only looks holds the lock for some microseconds

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes], shared: bool) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes], shared: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


class Lock:
    """The lock of a run that is at work."""

    def __init__(self, run: Run) -> None:
        self._run, self._path = run, run.folder / LOCK
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Hold it. Where the disk knows no locks, or may not be written, nothing is held.

        Raises:
            UserError: another process holds it.
        """
        self._file = _opened(self._path)
        if self._file and not _taken(self._file):
            self.release()
            raise UserError(
                "{run} is being trained by another process. Wait for its end, or stop it there.",
                run=self._run.name,
            )

    def renew(self) -> None:
        """Hold it again if its file is gone with the run's folder, and there is a new one.

        Raises:
            UserError: another process holds the new one.
        """
        if self._file and not _is_at(self._path, self._file) and self._run.folder.is_dir():
            self.release()
            self.take()

    def release(self) -> None:
        """Let go of it."""
        if self._file:
            self._file.close()


@contextmanager
def at_work(run: Run) -> Iterator[Lock]:
    """Hold the run's lock: others see that it is at work.

    Raises:
        UserError: another process is at work on the run.
    """
    lock = Lock(run)
    lock.take()
    try:
        yield lock
    finally:
        lock.release()


def _opened(path: Path) -> IO[bytes] | None:
    try:
        return path.open("ab")
    except OSError as error:
        log.warning("no lock for %s: %s", path.parent, error)
        return None


def _is_at(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError:
        return False


def _taken(file: IO[bytes]) -> bool:
    for _ in range(TRIES):
        try:
            _take(file, shared=False)
            return True
        except (BlockingIOError, PermissionError):
            time.sleep(PAUSE)
        except OSError as error:
            log.warning("the disk knows no locks: %s", error)
            return True
    return False


def is_at_work(run: Run) -> bool:
    """Whether a process, of this or another program, is at work on the run at this moment."""
    try:
        with (run.folder / LOCK).open("rb") as file:
            _take(file, shared=True)
    except FileNotFoundError:
        return False
    except (BlockingIOError, PermissionError):
        return True
    except OSError as error:
        log.warning("no lock can be asked for in %s: %s", run.folder, error)
    return False
