"""What is known of the project's samples while and after they are loaded."""

from workbench.core.data import EVALUATED, DatasetSpec, Split
from workbench.core.errors import UserError
from workbench.core.events import DataDescribed, Event, Progress, SamplesLoaded
from workbench.ui.pace import Pace
from workbench.ui.text import tr


class DataView:
    """Filled by the events of `engine.describe`. What is known from the view `before`, of the same
    samples with other transforms, is not asked for again."""

    def __init__(
        self,
        data: DatasetSpec | None = None,
        before: "DataView | None" = None,
        function: str = "describe.describe",
    ) -> None:
        self._downloads = function == "describe.download"
        self._source = data.unprepared if data else None
        self.described: DataDescribed | None = None
        same = before is not None and before._source == self._source
        self.samples: dict[str, SamplesLoaded] = dict(before.samples) if before and same else {}
        self.loading = tr("Loading…")
        self.progress: Progress | None = None
        self._pace = Pace()
        self.error: UserError | None = None
        self.cancelled = False
        """Whether a person has given it up."""

    @property
    def lacking(self) -> tuple[Split, ...]:
        """The splits whose samples are still to be told."""
        return tuple(split for split in EVALUATED if split not in self.samples)

    def take(self, events: list[Event]) -> None:
        """Take in what the engine told."""
        for event in events:
            if isinstance(event, Progress):
                self.loading, self.progress = self._pace.told(event), event
            elif isinstance(event, DataDescribed):
                self.described, self.loading = event, ""
            elif isinstance(event, SamplesLoaded):
                self.samples[event.split] = event

    def end(self, error: Exception | None) -> bool:
        """Loading is over; whether `error` is none, or one that the data panel tells."""
        self.loading = ""
        if self.cancelled and self.described is None and error is None:
            error = self._cancellation()
        if isinstance(error, UserError):
            self.error = error
        return error is None or isinstance(error, UserError)

    def _cancellation(self) -> UserError:
        """Reloading downloads nothing, so each has its own way to go on."""
        if self._downloads:
            return UserError("The download was cancelled. Download… begins it again.")
        return UserError("Loading was cancelled. Data > Reload begins it again.")
