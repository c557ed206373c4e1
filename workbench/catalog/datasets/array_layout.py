"""What a sample of an array is: an image in either order of its axes, a sequence, or a row."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from workbench.catalog.datasets import rows
from workbench.catalog.datasets.array_files import NUMBERS, Held, blocks
from workbench.core.file_source import check_room
from workbench.core.layer import Shape, shape_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

Layout = Literal["found", "image", "image, channels last", "sequence", "row"]
COLOURS = (1, 3, 4)
SMALLEST_IMAGE = 8


def layout_of(held: Held, wished: Layout, with_target: bool) -> Layout:
    """The layout that is wished, or the likely one: whole numbers are pixels, squares of
    fractions too; other samples of two axes are sequences."""
    shape = held.shape[1:]
    if wished != "found":
        return wished
    if len(shape) < 2 or with_target:
        return "row"
    if len(shape) == 2:
        square = shape[0] == shape[1] >= SMALLEST_IMAGE
        return "image" if held.dtype[1:] == "u1" or square else "sequence"
    last = shape[2] in COLOURS and (shape[0] not in COLOURS or shape[1] != shape[2])
    return "image, channels last" if last or shape[2] < shape[0] else "image"


def sample_shape(held: Held, wished: Layout, with_target: bool) -> Shape:
    """The shape that a sample gets; `with_target` if its last column is the target.

    Raises:
        ValueError: samples of its shape can't be laid out so.
    """
    shape, layout = held.shape[1:], layout_of(held, wished, with_target)
    if with_target:
        if len(shape) != 1 or shape[0] < 2:
            raise ValueError(f"{held.name!r} has no columns to learn from beside the last one")
        return (shape[0] - 1,)
    if layout == "row":
        size = 1
        for extent in shape:
            size *= extent
        return (size,)
    if layout == "sequence" and len(shape) in (1, 2):
        return (*shape, 1)[:2]
    if layout == "image" and len(shape) in (2, 3):
        return shape if len(shape) == 3 else (1, *shape)
    if layout == "image, channels last" and len(shape) == 3:
        return (shape[2], *shape[:2])
    raise ValueError(
        f"{held.name!r} has samples of {shape_text(shape)}, which are no {layout.partition(',')[0]}"
    )


def with_white(folder: Path, held: Held) -> Held:
    """The array with what 1.0 is in it, if it may be of images. Whole numbers are pixels, whatever
    their type: of 8 bits where none is above 255, of 16 where some are."""
    import numpy as np

    if len(held.shape) < 3 or held.letter not in NUMBERS or held.dtype[1:] == "u1":
        return held
    largest = 0.0
    for values in blocks(folder, held):
        low, high = values.min(), values.max()
        if not (low >= 0 and high <= 65535) or (values != np.floor(values)).any():
            return held.replace(white=1)
        largest = max(largest, float(high))
    return held.replace(white=1 if largest < 2 else 255 if largest <= 255 else 65535)


def laid_out(
    inputs: "NDArray[Any]", layout: Layout, shape: Shape, path: Path, full_scale: int
) -> "NDArray[Any] | rows.Rows":
    """Samples (n, ...) as (n, *shape): images in 0...255 are bytes, all else becomes float32.

    Images of a mapped file that are larger than `HELD_BYTES` stay there, as `Rows`.

    Raises:
        UserError: in this type those of `path` are too large for this machine.
    """
    import numpy as np

    is_image = layout.startswith("image")
    kind = np.dtype(np.uint8 if is_image and full_scale == 255 else np.float32)
    mapped = isinstance(inputs, np.memmap)
    if layout == "image, channels last":
        inputs = inputs.transpose(0, 3, 1, 2)
    if mapped and is_image and inputs.size * kind.itemsize > rows.HELD_BYTES:
        images = inputs.view(np.ndarray).reshape(-1, *shape)
        pages = inputs._mmap  # type: ignore[attr-defined]
        in_order = images.strides[0] * len(images) == images.nbytes  # not by columns, as Fortran's
        at, offset = Path(inputs.filename), inputs.offset  # type: ignore[attr-defined]
        file = rows.Watched.of(at, offset) if in_order else None
        return rows.Rows(images, np.arange(len(images)), pages, kind, file)
    check_room(path, 2 * inputs.size * kind.itemsize)  # once more when they are split
    inputs = inputs.astype(kind, copy=mapped)  # the file may change or go while training reads on
    return np.ascontiguousarray(inputs).view(np.ndarray).reshape(-1, *shape)
