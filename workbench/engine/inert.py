"""The named tensors of a file whose classes are foreign, read without making any of its objects.

Every class and function that the file names becomes an `_Inert`, which only holds what it is given;
so nothing of the file, of torch or of Python itself is called, whatever the file asks for.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

DEEPEST = 100
"""How deep modules may lie in one another."""


class _Inert:
    """What stands for an object of the file."""

    held: Any = None
    """Its state; nothing for what the file makes without one."""

    def __init__(self, *arguments: object, **options: object) -> None:
        """Whatever it is called with says nothing."""

    def __setstate__(self, state: Any) -> None:
        self.held = state

    def __setitem__(self, key: object, value: object) -> None:
        """As a container it stays empty."""

    def append(self, value: object) -> None:
        """As a container it stays empty."""

    def extend(self, values: object) -> None:
        """As a container it stays empty."""


class _Storage(NamedTuple):
    """A type of storage, by what its numbers are."""

    dtype: torch.dtype


_STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def _tensor(
    storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *rest: object
) -> Tensor:
    return storage.as_strided(size, stride, offset)  # refuses what goes beyond the storage


def _parameter(data: Tensor, *rest: object) -> Tensor:
    return data


_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): tuple,
}


class _Reader(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(archive.open(f"{folder}/data.pkl"), encoding="utf-8")
        self._archive, self._folder = archive, folder
        self._read: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _STORAGES:
            return _Storage(_STORAGES[name])
        return _KNOWN.get((module, name), _Inert)

    def persistent_load(self, told: Any) -> Any:
        _, kind, key, *_ = told
        if not isinstance(kind, _Storage) or not isinstance(key, str):
            return _Inert()
        if key not in self._read:
            data = bytearray(self._archive.read(f"{self._folder}/data/{key}"))
            if len(data) % kind.dtype.itemsize:  # torch would refuse it, and not let it go
                raise ValueError("a storage ends within a number")
            self._read[key] = torch.frombuffer(data, dtype=kind.dtype) if data else _empty(kind)
        return self._read[key].view(kind.dtype)


def _empty(kind: _Storage) -> Tensor:
    return torch.empty(0, dtype=kind.dtype)


def tensors_of(path: Path) -> dict[str, Any]:
    """The tensors in a file of torch by name, in the mappings that it has; those of a module as its
    `state_dict` would have them; empty if there are none. To be read after `foreign` has checked
    the archive.

    Raises:
        Exception: the many of zipfile, pickle and torch; see `foreign.judged`.
    """
    if not zipfile.is_zipfile(path):  # as torch wrote them until 2020
        return {}
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        folder = names[0].removesuffix("/data.pkl")
        order = f"{folder}/byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            return {}
        return _plain(_Reader(archive, folder).load(), 0)


def _plain(content: Any, depth: int) -> dict[str, Any]:
    """Nothing but tensors and mappings of them, by name."""
    if isinstance(content, _Inert):
        return dict(_of_module(content.held, "", depth))
    kept: dict[str, Any] = {}
    if isinstance(content, Mapping) and depth < DEEPEST:
        for name, value in content.items():
            found = value if isinstance(value, Tensor) else _plain(value, depth + 1)
            if isinstance(name, str) and (isinstance(found, Tensor) or found):
                kept[name] = found
    return kept


def _of_module(held: Any, prefix: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    if not isinstance(held, Mapping) or depth > DEEPEST:
        return
    for part in ("_parameters", "_buffers"):
        for name, value in _items(held.get(part)):
            if isinstance(value, Tensor):
                yield f"{prefix}{name}", value
    for name, value in _items(held.get("_modules")):
        if isinstance(value, _Inert):
            yield from _of_module(value.held, f"{prefix}{name}.", depth + 1)


def _items(found: Any) -> Iterable[tuple[Any, Any]]:
    return found.items() if isinstance(found, Mapping) else ()
