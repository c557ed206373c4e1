"""Time while training: a watch that stands while nobody trains, and how often is often enough."""

import math
import time


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
