"""Time while training: a watch that stands while nobody trains, and how often is often enough."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Seconds spent training: while a consumer holds the generator, it stands."""

    def __init__(self) -> None:
        self.before = 0.0
        """Seconds up to the last stop; set it to go on from an earlier run."""
        self._since: float | None = None

    def start(self) -> None:
        """Go on."""
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Stand still."""
        self.before, self._since = self.seconds, None

    @property
    def seconds(self) -> float:
        """Seconds during which it went."""
        return self.before + (0.0 if self._since is None else time.perf_counter() - self._since)


class Rate:
    """Says when something that should not be done too often is due again."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, -math.inf

    def due(self, force: bool = False) -> bool:
        """Whether it is to be done now; if so, the next time is `seconds` away."""
        now = time.perf_counter()
        if not force and now - self._last < self._seconds:
            return False
        self._last = now
        return True


class Share:
    """Keeps something costly within a share of the time: it is due once enough time has passed for
    all that was spent on it, and for once more."""

    def __init__(self, share: float, seconds: float = 0.0) -> None:
        self._share, self._spent = share, 0.0
        self._last = seconds  # what it takes, as far as is known
        self._since = time.perf_counter()

    def due(self) -> bool:
        """Whether it is to be done now."""
        return self._spent + self._last <= self._share * (time.perf_counter() - self._since)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """What is done within is counted."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._last = time.perf_counter() - began
            self._spent += self._last
