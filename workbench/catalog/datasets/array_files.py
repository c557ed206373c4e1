"""Arrays in NumPy's and in IDX files: what each claims is checked before memory is asked for."""

import gzip
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.file_source import Count, check_room
from workbench.core.spec import Number, Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBERS, WORDS = "biuf", "US"
IDX_NAME = re.compile(r"(idx\d?[-_.]?ubyte|\.idx\d?|\.ubyte)(\.gz)?$", re.IGNORECASE)
IDX_TYPES = {8: "|u1", 9: "|i1", 0xB: ">i2", 0xC: ">i4", 0xD: ">f4", 0xE: ">f8"}
MOST_ARRAYS = 64
BLOCK = 1 << 22
# What unpacks to more than this by more than that is no data, but made to fill a machine's memory.
BOMB_BYTES, BOMB_RATIO = 1 << 28, 200


class Held(Spec):
    """An array of a file: its name, the name of the file, and what its header says."""

    name: Annotated[str, Field(strict=True, min_length=1, max_length=500)]
    file: Annotated[str, Field(strict=True, min_length=1, max_length=500)]
    shape: tuple[Count, ...]
    dtype: Annotated[str, Field(strict=True, max_length=20)]
    values: tuple[Annotated[str, Field(strict=True, max_length=1000)], ...] = ()
    """The different values of targets, in order, where they are few and no fractions."""
    mean: Number = 0.0
    std: Annotated[Number, Field(ge=0.0)] = 0.0
    """Of targets that are numbers."""
    white: Literal[0, 1, 255, 65535] = 0
    """What 1.0 is where samples are images; 0 where nobody has looked."""

    @property
    def letter(self) -> str:
        """What numpy calls the kind of its type: `u` for unsigned whole numbers."""
        return self.dtype.lstrip("<>|=")[0]

    @property
    def is_targets(self) -> bool:
        """Whether it has one value for each sample."""
        return len(self.shape) == 1 or (len(self.shape) == 2 and self.shape[1] == 1)

    @property
    def full_scale(self) -> int:
        """What 1.0 is where samples are images."""
        return self.white or {"u1": 255, "u2": 65535}.get(self.dtype[1:], 1)

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        size = int(self.dtype.lstrip("<>|=")[1:] or 1) * (4 if self.letter == "U" else 1)
        return math.prod(self.shape) * size


def is_array_file(path: Path) -> bool:
    """Whether it is called as arrays are, and is no folder."""
    called = path.suffix.lower() in (".npy", ".npz") or IDX_NAME.search(path.name)
    return bool(called) and path.is_file()


def arrays_in(path: Path) -> Iterator[Held]:
    """The arrays of a file, by their headers alone.

    Raises:
        UserError: it is damaged, or holds Python objects.
    """
    with _told(path):
        if path.suffix.lower() == ".npz":
            with zipfile.ZipFile(path) as archive:
                members = [name for name in archive.namelist() if name.endswith(".npy")]
                for name in members[:MOST_ARRAYS]:
                    with archive.open(name) as file:
                        yield Held(name=name[:-4], file=path.name, **_numpy_header(path, file))
        elif path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                yield Held(name=path.stem, file=path.name, **_numpy_header(path, file))
        else:
            with _unpacked(path) as file:
                name = IDX_NAME.sub("", path.name).strip("-_.") or path.name
                yield Held(name=name, file=path.name, **_idx_header(file))


def read_array(folder: Path, held: Held) -> "NDArray[Any]":
    """The array; one of a `.npy` file is mapped into memory, and read where it is used.

    Raises:
        UserError: it is damaged, no longer what it was, or too large for this machine.
    """
    import numpy as np

    path = folder / held.file
    with _told(path):
        if path.suffix.lower() == ".npz":
            return _from_archive(path, held)
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                _check_same(held, _numpy_header(path, file))
            check_room(path, 2 * held.bytes)
            found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
            return found
        with _unpacked(path) as file:
            _check_same(held, _idx_header(file))
            _check_claim(path, held.bytes, path.stat().st_size)
            return _values(file, held)


def blocks(folder: Path, held: Held) -> "Iterator[NDArray[Any]]":
    """The values in the order of the file, some at a time, whatever is the matter with its end.

    Raises:
        UserError: it is damaged, or no longer what it was.
    """
    import numpy as np

    path, kind = folder / held.file, np.dtype(held.dtype)
    with _told(path), _behind_header(path, held) as file:
        left = math.prod(held.shape)
        while left and (block := file.read(min(left, BLOCK // kind.itemsize) * kind.itemsize)):
            values = np.frombuffer(block, kind, len(block) // kind.itemsize)
            left -= max(1, len(values))
            yield values


@contextmanager
def _behind_header(path: Path, held: Held) -> Iterator[IO[bytes]]:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        with zipfile.ZipFile(path) as archive, archive.open(f"{held.name}.npy") as file:
            _check_same(held, _numpy_header(path, file))
            yield file
    else:
        with _unpacked(path) as file:
            _check_same(held, _numpy_header(path, file) if suffix == ".npy" else _idx_header(file))
            yield file


def _from_archive(path: Path, held: Held) -> "NDArray[Any]":
    from numpy.lib import format as numpy_format

    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(f"{held.name}.npy")
        with archive.open(member) as file:
            _check_same(held, _numpy_header(path, file))
        if member.file_size < held.bytes:
            raise ValueError("it is shorter than its header says")
        _check_claim(path, held.bytes, member.compress_size)
        with archive.open(member) as file:
            found: NDArray[Any] = numpy_format.read_array(file, allow_pickle=False)
            return found


def _check_same(held: Held, header: dict[str, Any]) -> None:
    if (held.shape, held.dtype) != (header["shape"], header["dtype"]):
        raise ValueError("its header is no longer what it was")


def _check_claim(path: Path, claimed: int, packed: int) -> None:
    """See that what unpacks to `claimed` bytes is likely and can be held."""
    if claimed > BOMB_BYTES and claimed > BOMB_RATIO * packed:
        raise UserError(
            "{path} claims to unpack {packed} MB to {claimed} MB, which no real data do. If they "
            "are real, save them without compression.",
            path=path,
            packed=f"{packed / 1e6:,.1f}",
            claimed=f"{claimed / 1e6:,.0f}",
        )
    check_room(path, 2 * claimed)


def _numpy_header(path: Path, file: IO[bytes]) -> dict[str, Any]:
    from numpy.lib import format as numpy_format

    version = numpy_format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"its format {version[0]}.{version[1]} is not known")
    read = getattr(numpy_format, f"read_array_header_{version[0]}_0")
    shape, _, dtype = read(file, max_header_size=10_000)
    if dtype.hasobject:
        raise UserError(
            "{path} holds Python objects, and is not opened, since unpacking them can run any "
            "program. Save it as an array of numbers.",
            path=path,
        )
    if dtype.kind not in NUMBERS + WORDS:
        raise UserError(
            "{path} holds {kind}, which are no plain numbers. Save it as an array of numbers.",
            path=path,
            kind=str(dtype)[:60],
        )
    return {"shape": shape, "dtype": dtype.str}


def _idx_header(file: IO[bytes]) -> dict[str, Any]:
    """Two zero bytes, the type, the number of dimensions, and their sizes, all big-endian."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in IDX_TYPES or not start[3]:
        raise ValueError("it does not begin as IDX does")
    sizes = file.read(4 * start[3])
    return {
        "shape": struct.unpack(f">{start[3]}I", sizes),
        "dtype": IDX_TYPES[start[2]],
    }


def _values(file: IO[bytes], held: Held) -> "NDArray[Any]":
    """What stands behind an IDX header, neither less nor more."""
    import numpy as np

    values = np.empty(math.prod(held.shape), dtype=held.dtype)
    view, done = memoryview(values.view(np.uint8)), 0  # type: ignore[arg-type]
    while done < len(view) and (block := file.read(min(BLOCK, len(view) - done))):
        view[done : done + len(block)] = block
        done += len(block)
    if done < len(view) or file.read(1):
        raise ValueError("it is not as long as its header says")
    return values.astype(values.dtype.newbyteorder("="), copy=False).reshape(held.shape)


def _unpacked(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell damage in one sentence; what the disk refuses is told by the caller."""
    try:
        yield
    except UserError:
        raise
    except (
        ValueError,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
        gzip.BadGzipFile,
    ) as error:
        raise UserError(
            "{path} is a damaged array file: {reason}. Save or download it again.",
            path=path,
            reason=_reason(path, error),
        ) from error


def _reason(path: Path, error: Exception) -> str:
    """What a library says of a file, in one line; of an empty one it only says what it missed."""
    if path.is_file() and not path.stat().st_size:
        return "it is empty"
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
