"""What a person changes of the recipe while it is trained: put by whoever pulls the events, taken
by `fit` between two steps."""

from collections import deque
from collections.abc import Mapping
from typing import Any

FIELDS = ("lr", "epochs")
"""The fields of `TrainConfig` that can be changed while training."""


class Changes:
    """Changes that wait for the next step; true while there are some."""

    def __init__(self) -> None:
        self._waiting: deque[Mapping[str, Any]] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, **values: Any) -> None:
        """Have `lr` or `epochs` changed before the next step."""
        self._waiting.append({name: values[name] for name in values if name in FIELDS})

    def take(self) -> dict[str, Any]:
        """All that wait, as one; the later ones count."""
        taken: dict[str, Any] = {}
        while self._waiting:
            taken |= self._waiting.popleft()
        return taken


asked = Changes()
"""Those of the window for the run at work in this process, which trains one at a time."""
