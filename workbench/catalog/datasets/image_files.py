"""Finding images below a folder: one folder per class, or such folders below train, val, test."""

import hashlib
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from workbench.catalog.datasets.splitting import SPLIT_WORDS
from workbench.core.data import Split
from workbench.core.errors import UserError
from workbench.core.events import Progress

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
PIECE = 500
"""Files between two signs of life."""
LOOKED_AT = 200
"""Entries of a folder that are looked at to recognize it."""


class ImageFile(NamedTuple):
    """An image below the folder: its path from there, its class, and its split if it says one."""

    name: str
    label: str
    split: Split


def holds_images(path: Path) -> bool:
    """Whether there are images in the folder or its subfolders, as far as a glance tells."""
    if not path.is_dir():
        return False
    inside = _glance(path)
    folders = [entry for entry in inside if entry.is_dir()]
    classes = [
        deeper
        for entry in folders
        for deeper in (_glance(Path(entry.path)) if entry.name.lower() in SPLIT_WORDS else [entry])
    ]
    files = [entry for folder in classes[:20] for entry in _glance(Path(folder.path))]
    return any(map(_is_image, [*inside, *files]))


def _glance(path: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(path) as entries:
            return [entry for entry, _ in zip(entries, range(LOOKED_AT), strict=False)]
    except OSError:
        return []


def _is_image(entry: "os.DirEntry[str]") -> bool:
    return entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".")


def listed(root: Path) -> Generator[Progress, None, list[ImageFile]]:
    """All images below `root`, in the order of their names.

    Raises:
        UserError: there are none, or no folders that say their classes.
        OSError: a folder can't be read.
    """
    found: list[ImageFile] = []
    folders = list(_class_folders(root))
    known = {_identity(root), *(_identity(Path(folder).parent) for _, _, folder in folders)}
    known |= {_identity(Path(folder)) for _, _, folder in folders}
    below = len(os.path.join(root, ""))  # noqa: PTH118
    for split, label, folder in folders:
        # A link to a folder around or to another class would tell its images as of this one.
        others = known - {_identity(Path(folder))}
        for number, name in enumerate(_images(folder, others)):
            # As `os.path.relpath`, which takes ten times as long: all were found below `root`.
            found.append(ImageFile(name[below:], readable_name(label), split))
            if number % PIECE == 0:
                yield Progress(text=f"Listing {root.name}", done=len(found))
    if not found:
        raise UserError(
            "{path} has no folders with images. Put the images of each class into a folder of its "
            "own, named as the class.",
            path=root,
        )
    return found


def readable_name(name: str) -> str:
    """A name as text that can be written: disks hold names that are no UTF-8, too."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _class_folders(root: Path) -> Iterator[tuple[Split, str, str]]:
    """Split, class and path of each folder of a class."""
    folders = _folders(root)
    splits = [entry for entry in folders if entry.name.lower() in SPLIT_WORDS]
    if not any(SPLIT_WORDS[entry.name.lower()] == "train" for entry in splits):
        yield from (("train", entry.name, entry.path) for entry in folders)
        return
    for entry in splits:
        for inner in _folders(Path(entry.path)):
            yield SPLIT_WORDS[entry.name.lower()], inner.name, inner.path


def _folders(path: Path) -> list["os.DirEntry[str]"]:
    with os.scandir(path) as entries:
        found = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    return sorted(found, key=lambda entry: entry.name)


def _images(folder: str, seen: set[tuple[int, int]]) -> Iterator[str]:
    """Paths of the images at any depth; a folder that links lead to again is not entered twice."""
    identity = _identity(Path(folder))
    if identity in seen:
        return
    seen.add(identity)
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_dir():
            yield from _images(entry.path, seen)
        elif _is_image(entry) and entry.is_file():
            yield entry.path


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def digest_of_images(root: Path, files: Sequence[ImageFile]) -> Generator[Progress, None, str]:
    """SHA-256 of the places, sizes and times of change of the images.

    Raises:
        OSError: one is gone.
    """
    digest = hashlib.sha256()
    for number, file in enumerate(files):
        status = os.stat(os.path.join(root, file.name))  # noqa: PTH116, PTH118  1e5 Paths are slow
        told = f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\0"
        digest.update(told.encode("utf-8", "surrogateescape"))
        if number % PIECE == 0:
            yield Progress(text=f"Checking {root.name}", done=number, total=len(files))
    return digest.hexdigest()
