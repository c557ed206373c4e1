"""Whether a run is at work: a lock that its process holds, and that the system takes back with it.

A process id in a file would say less: after a crash another process may have the same one.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def at_work(run: Run) -> Iterator[None]:
    """Hold the run's lock: others see that it is at work. Where the disk knows no locks, or may
    not be written, the work goes on without.

    Raises:
        UserError: another process is at work on the run.
    """
    file = _opened(run)
    try:
        if file and not _taken(file):
            raise UserError(
                "{run} is being trained by another process. Wait for its end, or stop it there.",
                run=run.name,
            )
        yield
    finally:
        if file:
            file.close()


def _opened(run: Run) -> IO[bytes] | None:
    try:
        return (run.folder / LOCK).open("ab")
    except OSError as error:
        log.warning("no lock for %s: %s", run.folder, error)
        return None


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
