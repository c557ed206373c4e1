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
    what it took the last time. What a pause leaves unspent isn't saved up.

    `seconds` is what it takes at first; after `longest` seconds it is due whatever it takes."""

    def __init__(self, share: float, seconds: float = 0.0, longest: float = math.inf) -> None:
        self._share, self._last, self._longest = share, seconds, longest
        self._since = time.perf_counter()

    @property
    def waited(self) -> float:
        """Seconds since it was done."""
        return time.perf_counter() - self._since

    def due(self, least: float = 0.0) -> bool:
        """Whether it is to be done now, if that is `least` seconds after the last time."""
        waited = self.waited
        return waited >= least and waited >= min(self._last / self._share, self._longest)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """What is done within is counted."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._since = time.perf_counter()
            self._last = self._since - began
