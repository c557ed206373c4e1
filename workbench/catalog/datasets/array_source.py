"""Arrays as Python: what `Arrays.read` does, as far as these need it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.catalog.datasets.array_files import WORDS, Held
from workbench.catalog.datasets.array_layout import layout_of
from workbench.catalog.datasets.array_roles import Pair
from workbench.core.data import Split
from workbench.core.source import Source, literal, prefix, unique

if TYPE_CHECKING:
    from workbench.catalog.datasets.arrays import Arrays

READ_IDX = '''
def read_idx(path, dtype):
    """An array in the format of MNIST's files: its sizes, and its values behind them."""
    with {opened} as file:
        axes = file.read(4)[3]
        shape = struct.unpack(f">{{axes}}I", file.read(4 * axes))
        return np.frombuffer(bytearray(file.read()), dtype=dtype).reshape(shape)
'''


def array_source(data: "Arrays", pairs: dict[Split, Pair], classes: tuple[str, ...]) -> Source:
    """The lines, and what they use; without `classes` targets are numbers."""
    arrays = [held for pair in pairs.values() for held in pair if held]
    files = unique(held.file for held in arrays)
    suffixes = {Path(file).suffix.lower() for file in files}
    imports, functions = ["import numpy as np"], []
    if suffixes - {".npy", ".npz"}:
        packed, opened = ".gz" in suffixes, 'open(path, "rb")'
        if packed:
            rest = f' if str(path).endswith(".gz") else {opened}'
            opened = f"gzip.open(path){rest if len(suffixes) > 1 else ''}"
        imports += ["import struct", *(["import gzip"] if packed else [])]
        functions.append(READ_IDX.format(opened=opened))
    if len(files) == 1:
        constants = [f"DATA = {literal(str(data.folder / files[0]))}"]
    else:
        imports.append("from pathlib import Path")
        constants = [f"DATA = Path({literal(str(data.folder))})"]
    if classes and not _counts(classes):
        of_words = any(held.letter in WORDS for held in arrays)
        told = literal(list(classes)) if of_words else f"[{', '.join(classes)}]"
        constants.append(f"CLASSES = {told}")
    lines = [line for split in pairs for line in _lines(data, split, pairs, files, classes)]
    given = tuple(
        split for split, pair in pairs.items() if split == "train" or pair.inputs.shape[0]
    )
    return Source(
        tuple(lines),
        tuple(imports),
        functions=tuple(functions),
        constants=tuple(constants),
        given=given,
    )


def _counts(classes: tuple[str, ...]) -> bool:
    return list(classes) == [str(number) for number in range(len(classes))]


def _lines(
    data: "Arrays",
    split: Split,
    pairs: dict[Split, Pair],
    files: list[str],
    classes: tuple[str, ...],
) -> Iterator[str]:
    pair = pairs[split]
    start = prefix(split, list(pairs))
    inputs, targets = f"{start}inputs", f"{start}targets"
    yield f"{inputs} = {_read(pair.inputs, files)}"
    if pair.targets:
        flat = "" if len(pair.targets.shape) == 1 else ".reshape(-1)"
        yield f"{targets} = {_read(pair.targets, files)}{flat}"
    else:
        yield f"{inputs}, {targets} = {inputs}[:, :-1], {inputs}[:, -1]"
    if laid := _laid_out(data, pair):
        yield f"{inputs} = {laid.replace('{}', inputs)}"
    yield f"{targets} = {_as_targets(targets, pair.targets or pair.inputs, classes)}"


def _read(held: Held, files: list[str]) -> str:
    path = "DATA" if len(files) == 1 else f"DATA / {literal(held.file)}"
    suffix = Path(held.file).suffix.lower()
    if suffix == ".npz":
        return f"np.load({path})[{literal(held.name)}]"
    return f"np.load({path})" if suffix == ".npy" else f"read_idx({path}, {literal(held.dtype)})"


def _laid_out(data: "Arrays", pair: Pair) -> str:
    """What `array_layout.laid_out` does to inputs, `{}`."""
    layout = layout_of(pair.inputs, data.layout, pair.targets is None)
    axes = len(pair.inputs.shape) - (pair.targets is None)
    kind = "u1" if layout.startswith("image") and pair.inputs.full_scale == 255 else "f4"
    told = "np.uint8" if kind == "u1" else "np.float32"
    made = "{}" if pair.inputs.dtype[1:] == kind else f"{{}}.astype({told})"
    if layout == "image, channels last":
        made = f"np.ascontiguousarray({made}.transpose(0, 3, 1, 2))"
    elif layout == "image" and axes == 3:
        made += "[:, None]"
    elif layout == "sequence" and axes == 2:
        made += "[:, :, None]"
    elif layout == "row" and pair.targets and axes != 2:
        made += ".reshape(len({}), -1)"
    elif pair.targets is None:
        made = f"np.ascontiguousarray({made})"
    return "" if made == "{}" else made


def _as_targets(targets: str, held: Held, classes: tuple[str, ...]) -> str:
    if not classes:
        return f"{targets}.astype(np.float32)"
    if _counts(classes):
        return f"{targets}.astype(np.int64)"
    if held.letter == "S":
        targets = f"np.char.decode({targets})"
    return f"np.searchsorted(CLASSES, {targets})"
