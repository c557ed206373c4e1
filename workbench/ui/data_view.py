"""What is known of the project's samples while and after they are loaded."""

from workbench.core.errors import UserError
from workbench.core.events import DataDescribed, Event, Progress, SamplesLoaded
from workbench.ui.text import tr


class DataView:
    """Filled by the events of `engine.describe`."""

    def __init__(self) -> None:
        self.described: DataDescribed | None = None
        self.samples: dict[str, SamplesLoaded] = {}
        self.loading = tr("Loading…")
        self.progress: Progress | None = None
        self.error: UserError | None = None

    def take(self, events: list[Event]) -> None:
        """Take in what the engine told."""
        for event in events:
            if isinstance(event, Progress):
                counts = f" {event.done:,} / {event.total:,}" if event.total else ""
                self.loading, self.progress = tr(event.text) + "…" + counts, event
            elif isinstance(event, DataDescribed):
                self.described, self.loading = event, ""
            elif isinstance(event, SamplesLoaded):
                self.samples[event.split] = event

    def end(self, error: Exception | None) -> bool:
        """Loading is over; whether `error` is none, or one that the data panel tells."""
        self.loading = ""
        if isinstance(error, UserError):
            self.error = error
        return error is None or isinstance(error, UserError)
