"""A folder of images of the user's: one folder per class, or such folders for each split."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from workbench.catalog.datasets.image_cache import decoded
from workbench.catalog.datasets.image_decoding import Fit, Header, Rule, header, in_threads
from workbench.catalog.datasets.image_files import (
    ImageFile,
    digest_of_images,
    holds_images,
    listed,
    readable_name,
)
from workbench.catalog.datasets.image_source import image_source
from workbench.catalog.datasets.splitting import WithTestShare, by_part, where
from workbench.core.data import SPLITS, DatasetInfo, Samples, Split, ended
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.file_source import Count, Facts, FileSource, changed, readable
from workbench.core.source import Source

DEFAULT_SIDE = 64
LARGEST_AS_IS = 256
"""Images that are all of one size keep it up to this many pixels a side."""
TOLD = 100
"""Unreadable files that are kept by name."""

Side = Annotated[int, Field(strict=True, ge=1, le=4096)]
Name = Annotated[str, Field(strict=True, max_length=4096)]


class ImageFacts(Facts):
    """What was found in a folder of images."""

    classes: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100_000)]
    counts: tuple[Count, Count, Count] = (0, 0, 0)
    """Readable images for train, val and test; all are for train where no folders say so."""
    channels: Literal[1, 3]
    sides: tuple[Side, Side] | None
    """Height and width, if all images are alike in size and may keep it."""
    unreadable: Annotated[tuple[tuple[Name, Name], ...], Field(max_length=TOLD)] = ()
    """The first of those that are no images: their path below the folder, and why."""
    unreadable_count: Count = 0


class ImageFolder(WithTestShare, FileSource):
    """Images below a folder, brought to one size and decoded once."""

    title: ClassVar[str] = "Image folder"
    summary: ClassVar[str] = "Images of your own: one folder per class, or train, val and test"
    opens: ClassVar[str] = "folders of images (PNG, JPEG, WebP, BMP, TIFF; a folder per class)"

    facts: ImageFacts = Field(title="Found", description="What was found in the folder.")
    size: Side | tuple[Side, Side] | None = Field(
        default=None,
        title="Size",
        description="Height × width that images are brought to; one number is both. Empty: as "
        f"they are if all are alike and not above {LARGEST_AS_IS}, else {DEFAULT_SIDE}.",
    )
    fit: Fit = Field(
        default="crop",
        title="Fit",
        description="Where the shape is another one: crop the longer side, pad the shorter one "
        "with black, or stretch.",
    )
    colors: Literal["found", "grayscale", "rgb"] = Field(
        default="found", title="Colours", description="Found: grayscale if all images are."
    )
    skip_unreadable: bool = Field(
        default=False,
        strict=True,
        title="Skip unreadable files",
        description="Train without the files that are no images or damaged.",
    )

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        return holds_images(path)

    @classmethod
    def found(cls, path: Path, **options: Any) -> Generator[Progress, None, Self]:
        files = yield from listed(path)
        digest = yield from digest_of_images(path, files)
        headers = yield from _headers(path, files)
        known = [found for found in headers if isinstance(found, Header)]
        if not known:
            raise UserError(
                "None of the {count} files in {path} can be read as an image; the first is {name}: "
                "{reason}.",
                count=len(files),
                path=path,
                name=files[0].name,
                reason=headers[0].reason,
            )
        all_sides = {(found.height, found.width) for found in known}
        facts = ImageFacts(
            digest=digest,
            classes=tuple(sorted({file.label for file in files})),
            channels=1 if all(found.is_grey for found in known) else 3,
            sides=_kept_as_is(all_sides),
        )
        # Only who decodes a file knows whether it is whole; the first run finds it decoded then.
        made = cls.made(path, facts, options)
        whole = yield from decoded(path, _names(files), digest, made.rule)
        return made.replace(facts=_with_unreadable(facts, files, whole.unreadable))

    @property
    def rule(self) -> Rule:
        """What all images are brought to."""
        sides = self.size or self._own_sides()
        height, width = (sides, sides) if isinstance(sides, int) else sides
        channels = {"grayscale": 1, "rgb": 3}.get(self.colors, self.facts.channels)
        return Rule(channels, height, width, self.fit)

    def _own_sides(self) -> tuple[int, int] | int:
        alike = self.facts.sides
        return alike if alike and max(alike) <= LARGEST_AS_IS else DEFAULT_SIDE

    def counts(self) -> dict[Split, int]:
        return dict(zip(SPLITS, self.facts.counts, strict=True))

    def matters(self, field: str) -> bool:
        if field == "skip_unreadable":
            return self.skip_unreadable or bool(self.facts.unreadable_count)
        return super().matters(field)

    def source_info(self) -> DatasetInfo:
        rule = self.rule
        return DatasetInfo(
            title=self.name,
            origin="your folder",
            shape=(rule.channels, rule.height, rule.width),
            task="classification",
            sizes=self.sizes(self.counts()),
            classes=self.facts.classes,
        )

    def loading(self) -> Generator[Progress, None, Mapping[Split, Samples]]:
        path = Path(self.path)
        with readable(path):
            files = yield from self._unchanged(path)
            self._check_readable()
            whole = yield from decoded(path, _names(files), self.facts.digest, self.rule)
            return self._parted(files, whole.unreadable, whole.rows)

    def check_unchanged(self) -> None:
        ended(self._unchanged(Path(self.path)))

    def _unchanged(self, path: Path) -> Generator[Progress, None, list[ImageFile]]:
        """The images, if they are those that the facts were found in."""
        files = yield from listed(path)
        if (yield from digest_of_images(path, files)) != self.facts.digest:
            raise changed(path)
        return files

    def source(self) -> Source:
        return image_source(self)

    def sample_names(self) -> Mapping[Split, Sequence[str]]:
        import numpy as np

        path = Path(self.path)
        with readable(path):
            files = ended(listed(path))
            names = _names(files)
            whole = ended(decoded(path, names, self.facts.digest, self.rule))
        parted = self._parted(files, whole.unreadable, np.array(names, dtype=object))
        return {split: samples.inputs.tolist() for split, samples in parted.items()}

    def _check_readable(self) -> None:
        if self.facts.unreadable and not self.skip_unreadable:
            name, reason = self.facts.unreadable[0]
            raise UserError(
                "{count} of the files in {path} can't be read; the first is {name}: {reason}. Mend "
                "or delete them and choose Data > Reload, or leave them out: tick Skip unreadable "
                "files, or on a command line say --set data.skip_unreadable=true.",
                count=self.facts.unreadable_count,
                path=self.path,
                name=name,
                reason=reason,
            )

    def _parted(
        self, files: Sequence[ImageFile], unreadable: Mapping[int, str], rows: Any
    ) -> Mapping[Split, Samples]:
        """What `rows` holds for each of the files, by split."""
        import numpy as np

        kept = np.array([row for row in range(len(files)) if row not in unreadable], np.int64)
        if len(kept) != sum(self.facts.counts):  # damaged without a trace of it
            raise changed(self.path)
        places = {label: place for place, label in enumerate(self.facts.classes)}
        targets = np.array([places[file.label] for file in files], dtype=np.int64)
        parts = np.array([SPLITS.index(file.split) for file in files])
        samples = where(Samples(rows, targets), kept)
        return self.split(by_part(samples, parts[kept]))


def _kept_as_is(all_sides: set[tuple[int, int]]) -> tuple[int, int] | None:
    """The one size of all images, if they are not too large for it."""
    [sides, *others] = all_sides
    return None if others or max(sides) > LARGEST_AS_IS else sides


def _names(files: Sequence[ImageFile]) -> list[str]:
    return [file.name for file in files]


def _headers(path: Path, files: Sequence[ImageFile]) -> Generator[Progress, None, list[Any]]:
    found: list[Any] = []
    for made in in_threads(lambda name: header(str(path / name)), _names(files)):
        found += made
        yield Progress(text=f"Looking at {path.name}", done=len(found), total=len(files))
    return found


def _with_unreadable(
    facts: ImageFacts, files: Sequence[ImageFile], unreadable: Mapping[int, str]
) -> ImageFacts:
    splits = Counter(file.split for row, file in enumerate(files) if row not in unreadable)
    told = [(readable_name(files[row].name), reason[:200]) for row, reason in unreadable.items()]
    return facts.replace(
        counts=tuple(splits[split] for split in SPLITS),
        unreadable=tuple(told[:TOLD]),
        unreadable_count=len(told),
    )
