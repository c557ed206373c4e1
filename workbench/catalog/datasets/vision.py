"""Datasets of torchvision, read from a local folder or downloaded into it."""

from collections.abc import Generator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.error import URLError

from pydantic import Field

from workbench.catalog.datasets.splitting import with_val
from workbench.catalog.datasets.vision_download import (
    DamagedError,
    RemoteFile,
    fetched,
    from_lists,
)
from workbench.core.data import DatasetInfo, DatasetSpec, Samples, Split
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.layer import Shape
from workbench.core.places import datasets_dir
from workbench.core.source import Source, literal

if TYPE_CHECKING:
    from torchvision.datasets import VisionDataset

TEST = ("test_inputs", "test_targets")


class VisionSource(DatasetSpec, abstract=True):
    """A dataset of `torchvision.datasets` under its name there, with a test split of its own."""

    downloadable: ClassVar[bool] = True
    shape: ClassVar[Shape] = (1, 28, 28)
    train_size: ClassVar[int] = 60_000
    test_size: ClassVar[int] = 10_000
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")

    root: Annotated[str, Field(strict=True, max_length=4096)] = Field(
        default="",
        title="Folder",
        description="torchvision's root, where the files lie; empty is the program's own folder.",
    )

    @property
    def folder(self) -> Path:
        """The root that is in force."""
        return Path(self.root) if self.root else datasets_dir()

    def source_info(self) -> DatasetInfo:
        return DatasetInfo(
            title=self.title,
            origin="torchvision",
            shape=self.shape,
            task="classification",
            sizes=self.split_sizes(*self.counts()),
            classes=self.names(),
        )

    def counts(self) -> tuple[int, int]:
        """How many samples there are for training and for the test."""
        return self.train_size, self.test_size

    def names(self) -> tuple[str, ...]:
        """The classes in the order of their labels."""
        return self.classes

    def load(self) -> Mapping[Split, Samples]:
        try:
            train, test = (self._checked(self.part(train)) for train in (True, False))
        except Exception as error:  # the readers raise a dozen types for damaged files
            raise self._not_read(error) from error
        return with_val(self, train, test)

    def _checked(self, samples: Samples) -> Samples:
        """The samples; torchvision compares neither sizes nor labels with what they should be."""
        inputs, targets = samples
        if inputs.shape != (len(targets), *self.shape):
            raise ValueError(f"images of {inputs.shape} do not go with {len(targets)} labels")
        if inputs.dtype != "uint8":
            raise ValueError(f"pixels are {inputs.dtype}, not bytes")
        if len(targets) and not 0 <= targets.min() <= targets.max() < len(self.names()):
            raise ValueError("a label is not one of the classes")
        return samples

    def _not_read(self, error: Exception) -> UserError:
        missing = isinstance(error, RuntimeError) and "not found" in str(error)
        if missing or isinstance(error, FileNotFoundError):
            return UserError(
                "{name} is not in {folder}. Fetch it by Data > Download in the window, or choose "
                "the folder that holds it.",
                name=self.title,
                folder=self.folder,
            )
        return UserError(
            "The files of {name} in {folder} are damaged: {reason}. Delete them and download "
            "again.",
            name=self.title,
            folder=self.folder,
            reason=str(error) or type(error).__name__,
        )

    def source(self) -> Source:
        lines = []
        for part, inputs, targets in (("train", "inputs", "targets"), ("test", *TEST)):
            told = self.arguments(part == "train").items()
            given = [f"{n}={literal(v)}" for n, v in told]
            call = ", ".join(["DATA", *given, "download=True"])
            lines += [
                f"{part} = datasets.{self.kind}({call})",
                f"{inputs} = {self.pixels_source(f'np.asarray({part}.data)')}",
                f"{targets} = {self.targets_source(part)}",
            ]
        return Source(
            tuple(lines),
            ("import numpy as np", "from torchvision import datasets"),
            constants=(f"DATA = {literal(str(self.folder))}",),
            given=("train", "test"),
        )

    def pixels_source(self, data: str) -> str:
        """Torchvision's pixels `data` as (n, channels, height, width)."""
        return f"{data}[:, None]" if self.shape[0] == 1 else f"{data}.transpose(0, 3, 1, 2)"

    def targets_source(self, part: str) -> str:
        """The labels of torchvision's set `part`, from 0."""
        return f"np.asarray({part}.targets, dtype=np.int64)"

    def download(self) -> Generator[Progress, None, None]:
        if self._is_there():
            return
        from torchvision import datasets

        files = self.remote_files(getattr(datasets, self.kind))
        try:
            yield from fetched(files, self.folder, self.title, self._unpack)
        except DamagedError as error:
            raise UserError(
                "{name} was downloaded, but a file came damaged: {file}. Download again.",
                name=self.title,
                file=error,
            ) from error
        except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
            raise UserError(
                "{name} could not be downloaded: there is no connection to its server. "
                "Check the network, or put its files into {folder}.",
                name=self.title,
                folder=self.folder,
            ) from error
        except OSError as error:
            raise UserError(
                "{name} could not be written to {folder}: {reason}.",
                name=self.title,
                folder=self.folder,
                reason=error.strerror or error,
            ) from error

    def _is_there(self) -> bool:
        try:
            self.load()
        except UserError:
            return False
        return True

    def _unpack(self, folder: Path) -> None:
        """Let torchvision find its files in the folder, and unpack them."""
        found = self.replace(root=str(folder))
        for train in (True, False):
            found._opened(train, download=True)

    def remote_files(self, kind: Any) -> list[RemoteFile]:
        """What torchvision's class `kind` downloads."""
        return from_lists(kind.split_list[part] for part in ("train", "test"))

    def part(self, train: bool) -> Samples:
        """The samples for training, or for the test.

        Raises:
            Exception: of a dozen types, where files are missing or damaged.
        """
        return as_samples(self._opened(train))

    def _opened(self, train: bool, download: bool = False) -> "VisionDataset":
        from torchvision import datasets

        made: VisionDataset = getattr(datasets, self.kind)(
            str(self.folder), download=download, **self.arguments(train)
        )
        return made

    def arguments(self, train: bool) -> dict[str, Any]:
        """The arguments of torchvision's constructor that say which part is meant."""
        return {"train": train}


def as_samples(opened: "VisionDataset") -> Samples:
    """Images (n, h, w), (n, h, w, c) as of CIFAR10 or (n, c, h, w) as of SVHN, as the last."""
    import numpy as np

    images = np.asarray(opened.data)
    if images.ndim == 3:
        images = images[:, None]
    elif images.shape[-1] == 3:
        images = images.transpose(0, 3, 1, 2)
    targets = getattr(opened, "targets", None)
    targets = opened.labels if targets is None else targets
    return Samples(np.ascontiguousarray(images), np.asarray(targets, dtype=np.int64))
