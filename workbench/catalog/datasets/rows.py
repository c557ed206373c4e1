"""`Rows`: some rows of an array that lies in a file, read only when they are asked for."""

import mmap
from contextlib import suppress
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
    """A file of somebody else's while it is mapped, as it was at first. Beyond the end of one that
    was cut short, a process is killed where it reads."""

    path: Path
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file as it is now."""
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)

    def check(self) -> None:
        """See that it still is so; one that is gone lives on in its map.

        Raises:
            UserError: it has changed.
        """
        with suppress(FileNotFoundError):
            if Watched.of(self.path) != self:
                raise changed(self.path)


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

        if self._file:
            self._file.check()
        taken: NDArray[Any] = self._array[self._chosen[key]]
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
