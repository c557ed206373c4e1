"""MNIST and its kin of torchvision: digits, letters and clothes in grey."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.datasets.array_files import Held, arrays_in, read_array
from workbench.catalog.datasets.fashion_small import CLASSES as CLOTHES
from workbench.catalog.datasets.vision import VisionSource
from workbench.catalog.datasets.vision_download import RemoteFile
from workbench.core.data import Samples

BALANCED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
"""Digits and letters of EMNIST, with those merged whose small form looks like the capital."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class _IdxFiles(VisionSource, abstract=True):
    """Images and labels in IDX files, unpacked as torchvision leaves them, or gzipped."""

    def stems(self, train: bool) -> tuple[str, str]:
        """The names of the files of images and of labels."""
        part = "train" if train else "t10k"
        return f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"

    def part(self, train: bool) -> Samples:
        import numpy as np

        images, labels = (read_array(*_file(self.raw, stem)) for stem in self.stems(train))
        if images.ndim != 3:
            raise ValueError(f"images have {images.ndim} dimensions in place of 3")
        return Samples(images[:, None], labels.astype(np.int64))

    def remote_files(self, kind: Any) -> list[RemoteFile]:
        return [
            RemoteFile(
                tuple(f"{mirror}{name}" for mirror in kind.mirrors), f"{self.kind}/raw/{name}", md5
            )
            for name, md5 in kind.resources
        ]

    @property
    def raw(self) -> Path:
        """Where the files lie."""
        return self.folder / self.kind / "raw"


def _file(folder: Path, stem: str) -> tuple[Path, Held]:
    """A file as it is, else packed, with what its header says."""
    plain, packed = folder / stem, folder / f"{stem}.gz"
    path = packed if packed.exists() and not plain.exists() else plain
    return folder, next(arrays_in(path))


class MNIST(_IdxFiles):
    """torchvision.datasets.MNIST."""

    title: ClassVar[str] = "MNIST"
    summary: ClassVar[str] = "70,000 handwritten digits, 28×28, ten classes"


class FashionMNIST(_IdxFiles):
    """torchvision.datasets.FashionMNIST."""

    title: ClassVar[str] = "Fashion-MNIST"
    summary: ClassVar[str] = "70,000 pictures of clothes, 28×28, ten classes"
    classes: ClassVar[tuple[str, ...]] = CLOTHES


class KMNIST(_IdxFiles):
    """torchvision.datasets.KMNIST."""

    title: ClassVar[str] = "KMNIST"
    summary: ClassVar[str] = "70,000 cursive Japanese characters, 28×28, ten classes"
    classes: ClassVar[tuple[str, ...]] = (
        "o",
        "ki",
        "su",
        "tsu",
        "na",
        "ha",
        "ma",
        "ya",
        "re",
        "wo",
    )


class EMNIST(_IdxFiles):
    """torchvision.datasets.EMNIST, with images upright: its files hold rows as columns."""

    title: ClassVar[str] = "EMNIST"
    summary: ClassVar[str] = "Up to 814,255 handwritten digits and letters, 28×28"

    split: Literal["balanced", "letters", "byclass", "bymerge", "digits", "mnist"] = Field(
        default="balanced",
        title="Selection",
        description="Which characters, and how many of each; torchvision's split.",
    )

    def counts(self) -> tuple[int, int]:
        return {
            "balanced": (112_800, 18_800),
            "letters": (124_800, 20_800),
            "byclass": (697_932, 116_323),
            "bymerge": (697_932, 116_323),
            "digits": (240_000, 40_000),
            "mnist": (60_000, 10_000),
        }[self.split]

    def names(self) -> tuple[str, ...]:
        every = self.classes + tuple(LETTERS.upper()) + tuple(LETTERS)
        named = {"letters": tuple(LETTERS), "byclass": every}
        merged = tuple(BALANCED) if self.split in ("balanced", "bymerge") else self.classes
        return named.get(self.split, merged)

    def stems(self, train: bool) -> tuple[str, str]:
        start = f"emnist-{self.split}-{'train' if train else 'test'}"
        return f"{start}-images-idx3-ubyte", f"{start}-labels-idx1-ubyte"

    def part(self, train: bool) -> Samples:
        import numpy as np

        images, labels = super().part(train)
        first = 1 if self.split == "letters" else 0  # there 1 is the a
        return Samples(np.ascontiguousarray(images.swapaxes(2, 3)), labels - first)

    def arguments(self, train: bool) -> dict[str, object]:
        return {"split": self.split, "train": train}

    def remote_files(self, kind: Any) -> list[RemoteFile]:
        return [RemoteFile((kind.url,), f"EMNIST/raw/{Path(kind.url).name}", kind.md5)]

    def pixels_source(self, data: str) -> str:
        return f"np.ascontiguousarray({data}.swapaxes(1, 2))[:, None]"

    def targets_source(self, part: str) -> str:
        source = super().targets_source(part)
        return f"{source} - 1" if self.split == "letters" else source


class QMNIST(_IdxFiles):
    """torchvision.datasets.QMNIST."""

    title: ClassVar[str] = "QMNIST"
    summary: ClassVar[str] = "120,000 handwritten digits, 28×28: MNIST with a test as large"
    test_size: ClassVar[int] = 60_000

    def stems(self, train: bool) -> tuple[str, str]:
        start = f"qmnist-{'train' if train else 'test'}"
        return f"{start}-images-idx3-ubyte", f"{start}-labels-idx2-int"

    def part(self, train: bool) -> Samples:
        images, labels = super().part(train)
        return Samples(images, labels[:, 0])  # behind the class stand writer, form and place

    def remote_files(self, kind: Any) -> list[RemoteFile]:
        return [
            RemoteFile((url,), f"QMNIST/raw/{Path(url).name}", md5)
            for part in ("train", "test")
            for url, md5 in kind.resources[part]
        ]

    def targets_source(self, part: str) -> str:
        return f"{super().targets_source(part)}[:, 0]"


class USPS(VisionSource):
    """torchvision.datasets.USPS."""

    title: ClassVar[str] = "USPS"
    summary: ClassVar[str] = "9,298 digits of envelopes, 16×16, ten classes"
    shape: ClassVar[tuple[int, ...]] = (1, 16, 16)
    train_size: ClassVar[int] = 7291
    test_size: ClassVar[int] = 2007
