"""`Rows`: some rows of an array that lies in a file, read only when they are asked for."""

import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from workbench.core.file_source import changed

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

RELEASE_BYTES = 16 << 20
HELD_BYTES = 256 << 20
"""What samples from a file may take in the machine's own memory. Beyond, the system keeps of the
file what there is room for, and gives it up where others need it: as fast, and no second copy."""


class Watched(NamedTuple):
    """A file of somebody else's, as it was at first. Beyond the end of one that is cut short while
    it is mapped, a process is killed where it reads: its rows are read, and not mapped."""

    path: Path
    size: int
    changed_ns: int
    offset: int
    """Bytes before its first row."""

    @classmethod
    def of(cls, path: Path, offset: int) -> Self:
        """The file as it is now."""
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns, offset)

    def rows(self, array: "NDArray[Any]", chosen: "NDArray[Any]") -> "NDArray[Any] | None":
        """What `array[chosen]` gives, whose rows lie one behind the other in the file; None where
        the file is gone: it lives on in its map, and nobody can cut it short.

        Raises:
            UserError: it has changed.
        """
        import numpy as np

        width = array.strides[0]
        held = np.empty((np.size(chosen), width), np.uint8)
        try:
            with self.path.open("rb", buffering=0) as file:
                for place, row in zip(held, np.ravel(chosen).tolist(), strict=True):
                    file.seek(self.offset + row * width)
                    if file.readinto(place.data) != width:
                        raise changed(self.path)
                status = os.fstat(file.fileno())
        except FileNotFoundError:
            return None
        if (status.st_size, status.st_mtime_ns) != (self.size, self.changed_ns):
            raise changed(self.path)
        shape, strides = (len(held), *array.shape[1:]), (width, *array.strides[1:])
        made: NDArray[Any] = np.ndarray(shape, array.dtype, held, 0, strides)
        return made.reshape(np.shape(chosen) + array.shape[1:])


class Rows:
    """The `chosen` rows of a memory-mapped `array`; `pages` is the map that it lies in. They come
    as `dtype`, where that is given. A `file` that others may write to is looked at with each use.

    Indexing copies what is asked for. What was touched is given back to the system from time to
    time: a process counts mapped pages as its own, so memory would grow to the size of the file.
    """

    def __init__(
        self,
        array: "NDArray[Any]",
        chosen: "NDArray[Any]",
        pages: mmap.mmap,
        dtype: "DTypeLike | None" = None,
        file: Watched | None = None,
    ) -> None:
        import numpy as np

        self._array, self._chosen, self._pages, self._file = array, chosen, pages, file
        self._dtype: np.dtype[Any] = array.dtype if dtype is None else np.dtype(dtype)
        self._touched = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array that it stands for."""
        return (len(self._chosen), *self._array.shape[1:])

    @property
    def ndim(self) -> int:
        """As of the array that it stands for."""
        return self._array.ndim

    @property
    def dtype(self) -> Any:
        """As of the array that it stands for."""
        return self._dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all rows together."""
        return int(len(self._chosen) * self.row_bytes)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return int(self._array[:1].size * self._dtype.itemsize)

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, key: Any) -> "NDArray[Any]":
        import numpy as np

        chosen = self._chosen[key]
        read = self._file.rows(self._array, chosen) if self._file else None
        if read is not None:
            return np.ascontiguousarray(read, self._dtype)
        taken: NDArray[Any] = self._array[chosen]
        self._touched += taken.nbytes
        if self._touched >= RELEASE_BYTES:
            self._touched = 0
            if hasattr(mmap, "MADV_DONTNEED"):  # Windows trims by itself
                self._pages.madvise(mmap.MADV_DONTNEED)
        return np.ascontiguousarray(taken, self._dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "NDArray[Any]":
        import numpy as np

        whole = np.empty(self.shape, self.dtype)
        each = max(1, RELEASE_BYTES // max(1, self.row_bytes))
        for start in range(0, len(self), each):
            whole[start : start + each] = self[start : start + each]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def picked(self, chosen: "NDArray[Any]") -> "Rows":
        """Some of these rows, by number or by a mask; nothing is read."""
        return Rows(self._array, self._chosen[chosen], self._pages, self._dtype, self._file)
