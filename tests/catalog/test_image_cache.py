"""Decoded images that are kept: of the folder that they are of, and whole or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest
from image_files import folder, opened, picture, write

from workbench.core.data import Samples
from workbench.engine.batches import forget, loaded


def pixels(root: Path) -> "np.ndarray":
    forget()
    splits: dict[str, Samples] = dict(loaded(opened(root)))
    return np.concatenate([np.asarray(splits[name].inputs) for name in ("train", "val", "test")])


def test_folders_of_the_same_names_sizes_and_times_are_told_apart(tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("one", "two")]
    for number, root in enumerate(roots):
        for label in ("a", "b"):
            for place in range(6):
                path = root / label / f"{place}.bmp"
                write(path, picture(100 * number + place))
                os.utime(path, ns=(10**18, 10**18))
    sizes = [{path.stat().st_size for path in root.rglob("*.bmp")} for root in roots]
    assert sizes[0] == sizes[1]
    assert not np.array_equal(*map(pixels, roots))


@pytest.mark.parametrize("damage", ["reasons gone", "cut short", "no header"])
def test_a_cache_that_is_half_there_is_made_anew(tmp_path: Path, home: Path, damage: str) -> None:
    root = folder(tmp_path / "pets", 6)
    before = pixels(root)
    [kept] = (home / "cache").glob("*.npy")
    if damage == "reasons gone":
        kept.with_suffix(".json").unlink()
    else:
        kept.write_bytes(kept.read_bytes()[:300] if damage == "cut short" else b"")
    np.testing.assert_array_equal(pixels(root), before)
