"""The user's own files as a dataset: what was found in them is kept beside where they lie."""

import hashlib
import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationError

from workbench.core.data import DatasetSpec, Samples, Split, ended
from workbench.core.errors import UserError
from workbench.core.spec import Spec, told

if TYPE_CHECKING:
    from workbench.core.events import Progress

Count = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Digest = Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")]


class Facts(Spec):
    """What was found when a file or folder was opened; each source adds what it needs to tell
    shape, classes and sizes without reading again."""

    digest: Digest
    """Of the names, sizes and times of change of all files."""


class FileSource(DatasetSpec, abstract=True):
    """Samples from a file or folder of the user's.

    A subclass narrows `facts` to its own, says what it opens, and is found by itself:
    `recognizes` and `found` make one of a path, `read` gives the samples. It lies on the shelf
    of datasets, but `DatasetSpec.offered` leaves it out, since it is nothing without a path.
    """

    opens: ClassVar[str]
    """What it opens, in a few words: `tables (CSV, TSV)`."""

    path: Annotated[str, Field(strict=True, min_length=1, max_length=4096)] = Field(
        title="File", description="The file or folder that holds the samples."
    )
    facts: Facts = Field(title="Found", description="What was found in the files when chosen.")

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        """Whether this source can open `path`; cheap: its suffix, first bytes or folder layout."""
        raise NotImplementedError

    @classmethod
    def found(cls, path: Path, **options: Any) -> "Generator[Progress, None, Self]":
        """The source for `path`, with its facts; `options` are fields of this class.

        Raises:
            UserError: the files can't be read, or an option does not suit them.
            OSError: see `readable`.
        """
        raise NotImplementedError

    @classmethod
    def made(cls, path: Path, facts: Facts, options: Mapping[str, Any]) -> Self:
        """The source of these; what does not fit becomes one sentence.

        Raises:
            UserError: an option has no such value.
        """
        try:
            return cls(path=str(path), facts=facts, **options)
        except ValidationError as error:
            raise told(error, str(path)) from error

    @classmethod
    def files(cls, path: Path) -> Iterable[Path]:
        """All files that the samples come from."""
        return (path,)

    @property
    def name(self) -> str:
        """What people call it: the name of its file or folder."""
        return Path(self.path).name

    def load(self) -> Mapping[Split, Samples]:
        return ended(self.loading())

    def loading(self) -> "Generator[Progress, None, Mapping[Split, Samples]]":
        path = Path(self.path)
        with readable(path):
            self.check_unchanged()
            return (yield from self.reading(path))

    def reading(self, path: Path) -> "Generator[Progress, None, Mapping[Split, Samples]]":
        """`read`, with Progress on the way where it takes long.

        Raises:
            UserError: see `read`.
            OSError: see `readable`.
        """
        yield from ()
        return self.read(path)

    def read(self, path: Path) -> Mapping[Split, Samples]:
        """All samples by split, as the facts say.

        Raises:
            UserError: the files are damaged.
            OSError: see `readable`.
        """
        raise NotImplementedError

    def check_unchanged(self) -> None:
        """See that the files are those that the facts were found in.

        Raises:
            UserError: they have changed since.
            OSError: they can't be reached.
        """
        self.check_digest(self.files(Path(self.path)))

    def check_digest(self, files: Iterable[Path]) -> None:
        """See that these are the files of the facts' digest.

        Raises:
            UserError: they have changed since.
            OSError: they can't be reached.
        """
        if digest_of(files) != self.facts.digest:
            raise changed(self.path)


def changed(path: Path | str) -> UserError:
    """The sentence for files that no longer are what was found in them."""
    return UserError(
        "{path} has changed since it was chosen. Choose Data > Reload, or open it again.",
        path=path,
    )


def digest_of(files: Iterable[Path], root: Path | None = None) -> str:
    """SHA-256 of the names, sizes and times of change of files: cheap where contents are not.

    Below a `root` the names are those of folders too, which say the classes.
    """
    digest = hashlib.sha256()
    for file in files:
        status = file.stat()
        name = file.relative_to(root).as_posix() if root else file.name
        told = f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0"
        digest.update(told.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def check_room(path: Path | str, needed: int) -> None:
    """Refuse what can't be held in this machine's memory, before asking for it.

    Raises:
        UserError: it needs more than half of it.
    """
    if not hasattr(os, "sysconf"):  # Windows
        return
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if 2 * needed > memory:
        raise UserError(
            "{path} would take {needed} GB of memory, and this machine has {memory} GB. Choose "
            "less of it.",
            path=path,
            needed=f"{needed / 1e9:,.1f}",
            memory=f"{memory / 1e9:.0f}",
        )


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Tell what the disk refuses in one sentence.

    Raises:
        UserError: in place of an OSError.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(
            "{path} is not there. Put it back, or choose other data.", path=error.filename or path
        ) from error
    except OSError as error:
        raise UserError(
            "{path} could not be read: {reason}.",
            path=error.filename or path,
            reason=error.strerror or str(error) or type(error).__name__,
        ) from error
