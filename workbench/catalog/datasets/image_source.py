"""A folder of images as Python: what `ImageFolder.loading` does."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.catalog.datasets.image_files import SUFFIXES
from workbench.catalog.datasets.splitting import SPLIT_WORDS
from workbench.core.data import SPLITS, Split
from workbench.core.errors import UserError
from workbench.core.source import Source, literal, prefix

if TYPE_CHECKING:
    from workbench.catalog.datasets.image_folder import ImageFolder

IN_DATA = '''
def in_data(path):
    """The folders that lead to a file from DATA on, and its name."""
    return path.relative_to(DATA).parts
'''
PIXELS = '''
def pixels(path):
    """An image as {channels} × {height} × {width} bytes."""
    with Image.open(path) as image:
        image.draft(None, ({longest}, {longest}))  # a JPEG is decoded smaller where that suffices
        if image.mode.startswith("I"):  # 16 bits
            image = image.convert("I").point(lambda value: value / 256).convert("L")
        image = ImageOps.exif_transpose(image).convert("{mode}")
        image = {fitted}
        return np.asarray(image){axes}
'''
FITTED = {
    "crop": "ImageOps.fit(image, {sides}, Image.Resampling.BILINEAR)",
    "pad": "ImageOps.pad(image, {sides}, Image.Resampling.BILINEAR)",
    "stretch": "image.resize({sides}, Image.Resampling.BILINEAR)",
}


def folders_by_split(root: Path) -> dict[str, Split]:
    """The folders of `root` that are for a split; empty if none is for training."""
    try:
        names = sorted(entry.name for entry in root.iterdir() if entry.is_dir())
    except OSError:
        names = []
    found = {name: SPLIT_WORDS[name.lower()] for name in names if name.lower() in SPLIT_WORDS}
    return found if "train" in found.values() else {}


def parted_by_folder(counts: tuple[int, int, int]) -> Iterator[str]:
    """Lines that part `inputs` and `targets` by `parts`."""
    given = given_by_folder(counts)
    for split in reversed(given):
        start = prefix(split, given)
        yield f'rows = parts == "{split}"'
        yield f"{start}inputs, {start}targets = inputs[rows], targets[rows]"


def splits_constant(folders: dict[str, Split]) -> str:
    """What folders of the data are for."""
    told = ", ".join(f"{literal(name)}: {literal(split)}" for name, split in folders.items())
    return f"SPLITS = {{{told}}}"


def given_by_folder(counts: tuple[int, int, int]) -> tuple[Split, ...]:
    """The splits that folders give."""
    pairs = zip(SPLITS, counts, strict=True)
    return tuple(split for split, count in pairs if count or split == "train")


def image_source(data: "ImageFolder") -> Source:
    """The lines, and what they use.

    Raises:
        UserError: too many files are unreadable to be named.
    """
    facts, folders = data.facts, folders_by_split(Path(data.path))
    constants = [f"DATA = Path({literal(data.path)})", f"SUFFIXES = {literal(SUFFIXES)}"]
    depth = 1 if folders else 0
    lines = [
        f'paths = sorted(DATA.glob("{"*/" * depth}[!.]*/**/[!.]*"))',
        "files = [path for path in paths if path.suffix.lower() in SUFFIXES]",
    ]
    if folders:
        constants.append(splits_constant(folders))
        lines.append("files = [path for path in files if in_data(path)[0] in SPLITS]")
    lines += [
        f"labels = [in_data(path)[{depth}] for path in files]",
        "classes = sorted(set(labels))",
        "targets = np.array([classes.index(label) for label in labels], dtype=np.int64)",
    ]
    if facts.unreadable:
        constants.append(_unreadable(data))
        lines += [
            'whole = ["/".join(in_data(path)) not in UNREADABLE for path in files]',
            "files, targets = list(itertools.compress(files, whole)), targets[whole]",
        ]
    lines += [
        "with ThreadPoolExecutor() as pool:",
        "    inputs = np.stack(list(pool.map(pixels, files)))",
    ]
    if folders:
        lines.append("parts = np.array([SPLITS[in_data(path)[0]] for path in files])")
        lines += parted_by_folder(facts.counts)
    imports = (
        "from concurrent.futures import ThreadPoolExecutor",
        "from pathlib import Path",
        "import numpy as np",
        "from PIL import Image, ImageOps",
        *(["import itertools"] if facts.unreadable else []),
    )
    given = given_by_folder(facts.counts) if folders else ("train",)
    return Source(
        tuple(lines),
        imports,
        functions=(IN_DATA, _pixels(data)),
        constants=tuple(constants),
        given=given,
    )


def _pixels(data: "ImageFolder") -> str:
    rule = data.rule
    return PIXELS.format(
        channels=rule.channels,
        height=rule.height,
        width=rule.width,
        longest=2 * max(rule.height, rule.width),
        mode="L" if rule.channels == 1 else "RGB",
        fitted=FITTED[rule.fit].format(sides=(rule.width, rule.height)),
        axes="[None]" if rule.channels == 1 else ".transpose(2, 0, 1)",
    )


def _unreadable(data: "ImageFolder") -> str:
    facts = data.facts
    if facts.unreadable_count > len(facts.unreadable):
        raise UserError(
            "train.py can't leave out {count} unreadable files one by one. Delete them, and "
            "choose Data > Reload.",
            count=facts.unreadable_count,
        )
    return f"UNREADABLE = [{', '.join(literal(name) for name, _ in facts.unreadable)}]"
