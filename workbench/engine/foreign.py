"""Opening a model's file of unknown origin, without running anything that it holds.

To be used in a disposable engine: weights_only stops code, but a small file can still ask for all
memory, take hours or crash the process.
"""

import pickle
import re
import stat
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import torch
from torch import nn

from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.engine.inert import tensors_of

LARGEST = 1 << 30
"""Bytes of a file that is opened: reading and rewriting it takes up to four times as much."""

LONGEST = 5000
"""Characters of a sentence that may quote the file."""

NEEDS = (
    "{path} was not opened: it needs {name}, which is no layer of the catalogue and could run code "
    "of its own. "
)
_ZIP = b"PK\x03\x04"
_NEEDED = re.compile(r"GLOBAL ([\w.]*\w)\s")


class Found(NamedTuple):
    """What a file holds, its size in bytes, and whether its tensors keep the network's order."""

    content: Any
    size: int
    ordered: bool


@contextmanager
def judged(path: Path) -> Iterator[None]:
    """Whatever reading and judging a hostile file raises, as one sentence.

    Raises:
        UserError: always in place of any other exception.
    """
    try:
        yield
    except UserError as error:
        if len(str(error)) > LONGEST or not str(error).isprintable():  # with a name from the file
            raise damaged(path) from error
        if str(path) not in str(error):
            told = "{path} can't be loaded: {reason}"
            raise UserError(told, path=path, reason=error) from error
        raise
    except OSError as error:
        raise UserError(
            "{path} could not be read: {reason}. Choose another file.",
            path=path,
            reason=error.strerror or str(error),
        ) from error
    except Exception as error:  # torch and safetensors raise a dozen types for bad files
        _refuse(path, error)


def _refuse(path: Path, error: Exception) -> NoReturn:
    # torch's own words advise weights_only=False: they are not passed on.
    needed = _NEEDED.search(str(error)) if isinstance(error, pickle.UnpicklingError) else None
    if needed:
        raise NeedsClass(
            NEEDS + "Save its state_dict in the program that made it, and load that.",
            path=path,
            name=needed[1],
        ) from error
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        raise UserError(
            "{path} asks for more memory than loading a model may take, so it is damaged or no "
            "model. Choose another file.",
            path=path,
        ) from error
    raise damaged(path) from error


def damaged(path: Path) -> UserError:
    """The sentence for a file that no well-meaning program wrote so."""
    return UserError(
        "{path} is damaged, or was not written by torch.save or safetensors. Choose another file.",
        path=path,
    )


class NeedsClass(UserError):  # noqa: N818
    """A file names a class or function that is not known here; `name` in `values` is it."""


def opened(path: Path, tensors_only: bool = False) -> Found:
    """What a file holds: named tensors, or objects of plain containers, tensors and layers. If
    `tensors_only`, whatever else it names is passed over.

    Raises:
        UserError: it is no regular file, too large, or an archive that lies about its size.
        Exception: torch's and safetensors' many; see `judged`.
    """
    size = _size(path)
    with path.open("rb") as file:
        head = file.read(9)
    if head.startswith(_ZIP):
        _check_archive(path, size)
    elif head[8:] == b"{" or path.suffix.lower() == ".safetensors":
        from safetensors.torch import load_file

        return Found(load_file(path), size, ordered=False)  # they are sorted by name
    if tensors_only:
        return Found(tensors_of(path), size, ordered=True)
    return Found(_unpickled(path), size, ordered=True)


def allowed() -> list[Any]:
    """The classes of the catalogue's layers, and what they are made of; none of them runs anything
    when it is made."""
    from torch.nn.modules.linear import NonDynamicallyQuantizableLinear
    from torchvision.ops import Permute

    layers = [getattr(nn, kind) for kind in LayerSpec.choices() if hasattr(nn, kind)]
    functions = [nn.functional.relu, nn.functional.gelu]  # TransformerEncoderLayer's activation
    return [nn.Sequential, *layers, Permute, NonDynamicallyQuantizableLinear, *functions]


def _unpickled(path: Path) -> Any:
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch thinks of old formats helps nobody here
        with torch.serialization.safe_globals(allowed()):
            return torch.load(file, map_location="cpu", weights_only=True)


def _size(path: Path) -> int:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for, a device has no end
        raise UserError("{path} is not a file. Choose the file of a model.", path=path)
    if found.st_size > LARGEST:
        raise UserError(
            "{path} has {size:.1f} GB; up to {largest:.1f} GB can be loaded. Save its parameters "
            "alone, without the optimizer's state.",
            path=path,
            size=found.st_size / 1e9,
            largest=LARGEST / 1e9,
        )
    return found.st_size


def _check_archive(path: Path, size: int) -> None:
    """See that it expands to no more than its own size, as torch never compresses, and that its
    sums are right, which torch does not check."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(entry.filename.endswith("/constants.pkl") for entry in entries):
            raise UserError(
                "{path} is a TorchScript program, which can't be opened without running it. Save "
                "the state_dict of its network and load that.",
                path=path,
            )
        if sum(entry.file_size for entry in entries) > size or archive.testzip():
            raise damaged(path)
