"""Images of many formats and sizes as arrays of one shape, decoded by Pillow in threads."""

import errno
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from workbench.core.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

T = TypeVar("T")

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
MOST_PIXELS = 89_000_000
"""As Pillow's own limit: a file of some KB can claim gigabytes."""
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L")
ORIENTATION = 0x0112
PIECE = 32
"""Images that a thread does in one go, at the most."""
PIECE_BYTES, WAITING_BYTES = 16 << 20, 256 << 20
"""What a piece, and all that wait together, may take; of images larger than that, one is."""

Fit = Literal["crop", "pad", "stretch"]


class Rule(NamedTuple):
    """What images are brought to: channels (1 or 3), height and width, and how."""

    channels: int
    height: int
    width: int
    fit: Fit


class Header(NamedTuple):
    """What an image says of itself."""

    height: int
    width: int
    is_grey: bool


class Unreadable(NamedTuple):
    """Why a file is no image."""

    reason: str


def header(path: str) -> Header | Unreadable:
    """Size and colours of an image, from its first bytes.

    Raises:
        OSError: it is gone, or the disk refuses.
        UserError: there is too little memory.
    """
    return _guarded(path, _header)


def pixels(path: str, rule: Rule) -> "NDArray[Any] | Unreadable":
    """An image (channels, height, width) uint8.

    Raises:
        OSError: it is gone, or the disk refuses.
        UserError: there is too little memory.
    """
    return _guarded(path, lambda image: _pixels(image, rule))


def _guarded(path: str, work: "Callable[[Image], T]") -> "T | Unreadable":
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            return work(image)
    except UnidentifiedImageError:
        return Unreadable("no PNG, JPEG, WebP, BMP or TIFF image, whatever its name says")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Unreadable(f"it claims more than {MOST_PIXELS:,} pixels")
    except MemoryError as error:
        raise UserError(
            "There is too little memory to decode {path}. Close other programs, or make the image "
            "smaller.",
            path=path,
        ) from error
    except OSError as error:
        # What the system refuses passes, or can be mended: it says nothing of the file. Of a
        # damaged file, Pillow's own errors have no number, and a place before its start is EINVAL.
        if error.errno not in (None, errno.EINVAL):
            error.filename = error.filename or path
            raise
        return Unreadable(f"damaged: {error}")
    except Exception as error:  # the decoders raise a dozen types for damaged files
        return Unreadable(f"damaged: {error or type(error).__name__}")


def _header(image: "Image") -> Header:
    height, width = image.height, image.width
    # Pillow decodes a whole PNG to find out whether something is said behind its pixels.
    says = image.format != "PNG" or "exif" in image.info
    if says and image.getexif().get(ORIENTATION, 1) >= 5:  # a camera on its side
        height, width = width, height
    return Header(height, width, image.mode in GREY_MODES)


def _pixels(image: "Image", rule: Rule) -> "NDArray[Any]":
    import numpy as np
    from PIL import ImageOps

    mode = "L" if rule.channels == 1 else "RGB"
    longest = 2 * max(rule.height, rule.width)
    image.draft(None, (longest, longest))  # JPEG is decoded at 1/2, 1/4 or 1/8 where that suffices
    upright = ImageOps.exif_transpose(_eight_bits(image)).convert(mode)
    array = np.asarray(_fitted(upright, rule))
    return array[None] if rule.channels == 1 else array.transpose(2, 0, 1)


def _eight_bits(image: "Image") -> "Image":
    """Pillow cuts off what is above 255 where it converts: 16 bits are scaled down instead."""
    if image.mode == "F":
        raise ValueError("images of 32-bit floats have no white")
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda value: value / 256).convert("L")


def _fitted(image: "Image", rule: Rule) -> "Image":
    from PIL import Image, ImageOps

    sides, how = (rule.width, rule.height), Image.Resampling.BILINEAR
    if image.size == sides:
        return image
    if rule.fit == "crop":
        return ImageOps.fit(image, sides, how)
    if rule.fit == "pad":
        return ImageOps.pad(image, sides, how)
    return image.resize(sides, how)


def in_threads(
    work: Callable[[T], Any], items: Sequence[T], item_bytes: int = 1
) -> Iterator[list[Any]]:
    """What `work` makes of the items, in order, piece by piece. Pillow decodes outside the
    interpreter's lock, so threads are as fast as processes. Each result takes `item_bytes`; few
    pieces wait, so memory is bounded.
    """
    _quiet()
    workers = os.cpu_count() or 1
    each = max(1, min(PIECE, PIECE_BYTES // item_bytes))
    most = min(2 * workers, WAITING_BYTES // (each * item_bytes))
    pieces = (items[start : start + each] for start in range(0, len(items), each))
    waiting: deque[Future[list[Any]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decoding")
    try:
        for piece in pieces:
            waiting.append(pool.submit(lambda part: [work(item) for item in part], piece))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _quiet() -> None:
    """What Pillow thinks of odd files helps nobody; that one is too large must not be passed over.
    Filters are of the whole process, so they are not put back: threads would see them change."""
    from PIL import Image

    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
