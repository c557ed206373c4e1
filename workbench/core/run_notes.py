"""What a person says of a run: a name of its own, notes and tags, in `notes.json` beside it."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.core.errors import UserError
from workbench.core.files import write_atomically
from workbench.core.runs import Run

NOTES = "notes.json"


class Notes(BaseModel):
    """Empty as long as nobody wrote anything."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(default="", max_length=200)
    """Instead of the folder's name."""
    notes: str = Field(default="", max_length=100_000)
    tags: tuple[str, ...] = ()


def tags_of(text: str) -> tuple[str, ...]:
    """`"cnn, baseline"` as tags: each once, in their order."""
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))


def read_notes(run: Run) -> Notes:
    """The notes of a run; empty ones where there are none, or none that can be read."""
    try:
        return Notes.model_validate_json((run.folder / NOTES).read_bytes())
    except (OSError, ValidationError):
        return Notes()


def save_notes(run: Run, notes: Notes) -> None:
    """Keep the notes of a run.

    Raises:
        UserError: the disk refused, or the run is gone.
    """
    if not run.folder.is_dir():  # writing would make the folder anew
        raise UserError("{run} is gone: its folder was removed.", run=run.name)
    write_atomically(run.folder / NOTES, notes.model_dump_json(indent=2).encode() + b"\n")
