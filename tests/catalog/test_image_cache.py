"""Decoded images that are kept: of the folder that they are of, and whole or not at all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from image_files import folder, opened, picture, write

from workbench.catalog.datasets.image_cache import cache_dir, decoded
from workbench.catalog.datasets.image_decoding import (
    PIECE,
    PIECE_BYTES,
    WAITING_BYTES,
    Rule,
    in_threads,
)
from workbench.core.data import Samples, ended
from workbench.core.errors import UserError
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


@contextmanager
def no_more_files() -> Iterator[None]:
    """No further file can be opened, as EMFILE says of a busy process."""
    import resource  # Windows has none

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))  # what threads close is not reused
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_the_system_refuses_for_a_moment_is_not_kept_as_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    # Some must still wait when the first piece is told: two pieces for each core are begun.
    count = PIECE * (2 * 2 + 3)
    names = [f"{place:05}.bmp" for place in range(count)]
    for place, name in enumerate(names):
        write(tmp_path / "own" / name, picture(place))
    kept = set(cache_dir().glob("*.npy"))
    decoding = decoded(tmp_path / "own", names, "0" * 64, Rule(3, 12, 12, "crop"))
    next(decoding)
    with no_more_files(), pytest.raises(OSError, match=r"Too many open files: .*bmp"):
        ended(decoding)
    assert set(cache_dir().glob("*.npy")) == kept
    whole = ended(decoded(tmp_path / "own", names, "0" * 64, Rule(3, 12, 12, "crop")))
    assert whole.unreadable == {}
    assert np.array_equal(np.asarray(whole.rows)[7], picture(7).transpose(2, 0, 1))


def test_old_caches_make_room_on_a_full_disk_before_new_images_are_refused(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(folder(tmp_path / "pets", 8))
    each = 16 * 3 * 12 * 12
    monkeypatch.setattr(shutil, "disk_usage", partial(small_disk, size=3 * each))
    for age, side in enumerate((12, 11)):
        data.replace(size=side).load()
        newest = max((home / "cache").glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (1000 + age, 1000 + age))
    data.replace(size=14).load()
    sides = sorted(np.load(path).shape[-1] for path in (home / "cache").glob("*.npy"))
    assert sides == [11, 14]
    with pytest.raises(UserError, match="The decoded images would take"):
        data.replace(size=30).load()
    assert len(list((home / "cache").glob("*.npy"))) == 2  # they were not removed in vain


def small_disk(folder: Path, size: int) -> Any:
    """A disk that holds the caches alone."""
    held = sum(path.stat().st_size for path in folder.glob("*.npy"))
    return SimpleNamespace(total=size, used=held, free=max(0, size - held))


SHORT_OF_MEMORY = """
import resource, sys
import numpy as np
from PIL import Image
from workbench.catalog.datasets.image_decoding import Rule, pixels
from workbench.core.errors import UserError
Image.new("RGB", (8000, 8000)).save(sys.argv[1])
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (32 << 20), -1))
try:
    print(pixels(sys.argv[1], Rule(3, 8, 8, "crop")))
except UserError as error:
    print("told:", error)
"""


def test_too_little_memory_is_a_sentence_and_no_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    command = [sys.executable, "-c", SHORT_OF_MEMORY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith(f"told: There is too little memory to decode {path}."), done


@pytest.mark.parametrize("item_bytes", [1, 3 << 20, 50 << 20, 1 << 30])
def test_what_waits_to_be_taken_is_bounded_in_bytes(item_bytes: int) -> None:
    begun: list[int] = []
    taken = 0
    items = list(range(400))
    for made in in_threads(lambda item: begun.append(item) or item, items, item_bytes):
        waiting = (len(begun) - taken) * item_bytes
        assert waiting <= WAITING_BYTES + max(PIECE_BYTES, item_bytes)
        assert made == items[taken : taken + len(made)]
        taken += len(made)
    assert taken == 400
