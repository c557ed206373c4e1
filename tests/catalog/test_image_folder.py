"""Folders of images: real files in every format, good and bad."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import folder, opened, picture, write
from PIL import Image, ImageOps
from torchvision import datasets as theirs

from workbench.catalog.datasets import image_cache
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.engine.batches import loaded
from workbench.engine.sources import recognize, reopen


def rows(samples: Any) -> list[tuple[bytes, int]]:
    inputs = np.asarray(samples.inputs)
    return sorted((row.tobytes(), int(t)) for row, t in zip(inputs, samples.targets, strict=True))


def all_rows(splits: Any) -> list[tuple[bytes, int]]:
    return sorted(row for samples in splits.values() for row in rows(samples))


@pytest.mark.parametrize("channels", [1, 3])
def test_all_formats_come_as_torchvision_reads_them(tmp_path: Path, channels: int) -> None:
    root = folder(tmp_path / "pets", channels=channels)
    data = opened(root)
    twin = theirs.ImageFolder(str(root))
    mode = "L" if channels == 1 else "RGB"
    expected = []
    for image, label in twin:
        pixels = np.asarray(image.convert(mode))
        chw = pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
        expected.append((np.ascontiguousarray(chw).tobytes(), label))
    info, splits = data.info(), data.load()
    assert info.classes == tuple(twin.classes)
    assert info.shape == (channels, 12, 12)
    assert all_rows(splits) == sorted(expected)
    assert info.sizes == {"train": 32, "val": 4, "test": 4}
    assert {split: len(samples.targets) for split, samples in splits.items()} == info.sizes
    assert all(
        samples.inputs.shape == (len(samples.targets), *info.shape) for samples in splits.values()
    )


def test_jpeg_comes_as_pillow_decodes_it(tmp_path: Path) -> None:
    root = tmp_path / "pets"
    for label in ("a", "b"):
        for number in range(5):
            write(root / label / f"{number}.jpg", picture(number))
    held = {row for row, _ in all_rows(opened(root).load())}
    for path in root.rglob("*.jpg"):
        with Image.open(path) as image:
            assert np.asarray(image).transpose(2, 0, 1).tobytes() in held


def test_folders_named_train_val_and_test_are_the_splits(tmp_path: Path) -> None:
    for split, each in (("train", 6), ("valid", 3), ("Test", 2)):
        folder(tmp_path / "pets" / split, each)
    data = opened(tmp_path / "pets")
    assert data.info().sizes == {"train": 12, "val": 6, "test": 4}
    splits = data.load()
    for split, name in (("train", "train"), ("val", "valid"), ("test", "Test")):
        twin = theirs.ImageFolder(str(tmp_path / "pets" / name))
        expected = [
            (np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1)).tobytes(), label)
            for image, label in twin
        ]
        assert rows(splits[split]) == sorted(expected)


def test_without_a_folder_for_validation_a_share_of_training_is_held_back(tmp_path: Path) -> None:
    folder(tmp_path / "pets" / "train", 20)
    folder(tmp_path / "pets" / "test", 5)
    data = opened(tmp_path / "pets", val_fraction=0.25)
    assert data.info().sizes == {"train": 30, "val": 10, "test": 10}
    assert {s: len(part.targets) for s, part in data.load().items()} == data.info().sizes


SQUARE = {"crop": ImageOps.fit, "pad": ImageOps.pad}


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [10, (9, 14)])
def test_images_of_mixed_sizes_are_brought_to_one(tmp_path: Path, fit: str, size: Any) -> None:
    root = tmp_path / "pets"
    for number, sides in enumerate([(20, 30), (33, 15), (8, 8), (14, 9), (10, 10)]):
        write(root / "a" / f"{number}.png", picture(number, *sides))
        write(root / "b" / f"{number}.png", picture(10 + number, *sides, channels=1))
    data = opened(root, size=size, fit=fit)
    height, width = (size, size) if isinstance(size, int) else size
    assert data.info().shape == (3, height, width)
    expected = set()
    for path in root.rglob("*.png"):
        with Image.open(path) as image:
            rgb, bilinear = image.convert("RGB"), Image.Resampling.BILINEAR
            if fit == "stretch":
                made = rgb.resize((width, height), bilinear)
            else:
                made = SQUARE[fit](rgb, (width, height), bilinear)
            expected.add(np.ascontiguousarray(np.asarray(made).transpose(2, 0, 1)).tobytes())
    assert {row for row, _ in all_rows(data.load())} == expected


def test_the_size_is_that_of_the_images_where_they_are_alike_and_small(tmp_path: Path) -> None:
    assert opened(folder(tmp_path / "alike", 2)).info().shape == (3, 12, 12)
    write(folder(tmp_path / "mixed", 2) / "a" / "x.png", picture(1, 13, 12))
    assert opened(tmp_path / "mixed").info().shape == (3, 64, 64)
    write(tmp_path / "large" / "a" / "x.png", picture(1, 300, 300))
    assert opened(tmp_path / "large").info().shape == (3, 64, 64)


def test_colours_are_those_found_unless_chosen(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets", 3, channels=1)
    assert opened(root).info().shape[0] == 1
    assert opened(root, colors="rgb").info().shape[0] == 3
    write(root / "a" / "colour.png", picture(1))
    assert opened(root).info().shape[0] == 3
    grey = opened(root, colors="grayscale")
    with Image.open(root / "a" / "colour.png") as image:
        expected = np.asarray(image.convert("L")).tobytes()
    assert expected in {row for row, _ in all_rows(grey.load())}


def test_sixteen_bits_are_scaled_and_photographs_stand_upright(tmp_path: Path) -> None:
    deep = np.arange(0, 65536, 455, dtype=np.uint16)[:144].reshape(12, 12)
    (tmp_path / "deep" / "a").mkdir(parents=True)
    Image.fromarray(deep).save(tmp_path / "deep" / "a" / "x.png")
    [(row, _)] = all_rows(opened(tmp_path / "deep", val_fraction=0.0).load())
    held = np.frombuffer(row, np.uint8).astype(int)
    assert np.abs(held - (deep.ravel() // 256)).max() <= 1
    (tmp_path / "camera" / "a").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(picture(1, 8, 20)).save(tmp_path / "camera" / "a" / "x.png", exif=exif)
    data = opened(tmp_path / "camera")
    assert data.info().shape == (3, 20, 8)
    [(row, _)] = all_rows(data.load())
    assert row == np.rot90(picture(1, 8, 20), -1).transpose(2, 0, 1).tobytes()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of some bytes that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


BAD = {
    "text.png": (b"hello, I am text", "no PNG, JPEG, WebP, BMP or TIFF image"),
    "empty.jpg": (b"", "no PNG, JPEG, WebP, BMP or TIFF image"),
    "gif.png": (b"GIF89a" + bytes(100), "no PNG, JPEG, WebP, BMP or TIFF image"),
    "bomb.png": (png_claiming(60_000, 60_000), "claims more than 89,000,000 pixels"),
    "large.png": (png_claiming(10_000, 10_000), "claims more than 89,000,000 pixels"),
    "short.png": (png_claiming(500, 500), "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_image_is_named_and_left_out_only_when_told(
    tmp_path: Path, name: str
) -> None:
    root = folder(tmp_path / "pets", 6)
    content, reason = BAD[name]
    (root / "a" / name).write_bytes(content)
    data = opened(root)
    [(told, why)] = data.facts.unreadable
    assert Path(told) == Path("a", name)
    assert reason in why
    assert sum(data.info().sizes.values()) == 12
    with pytest.raises(
        UserError, match=f"1 of the files in .*pets can't be read.*{name}.*{reason}"
    ):
        loaded(data)
    splits = loaded(data.replace(skip_unreadable=True))
    assert sum(len(samples.targets) for samples in splits.values()) == 12
    assert bytes(3 * 12 * 12) not in {row for row, _ in all_rows(splits)}, "no black stand-in"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tiff"])
def test_a_truncated_image_is_found_in_every_format(tmp_path: Path, suffix: str) -> None:
    root = folder(tmp_path / "pets", 4)
    write(root / "a" / f"cut.{suffix}", picture(5, 64, 64))
    whole = (root / "a" / f"cut.{suffix}").read_bytes()
    (root / "a" / f"cut.{suffix}").write_bytes(whole[: len(whole) // 2])
    data = opened(root)
    assert [Path(name) for name, _ in data.facts.unreadable] == [Path("a", f"cut.{suffix}")]
    reopened = [*reopen(data.replace(skip_unreadable=True))][-1]
    assert reopened.data.skip_unreadable
    assert reopened.data.facts == data.facts


def test_a_format_is_told_by_content_whatever_the_name_says(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets", 4)
    (root / "a" / "000.png").rename(root / "a" / "000.jpg")
    data = opened(root)
    assert not data.facts.unreadable
    assert picture(0).transpose(2, 0, 1).tobytes() in {row for row, _ in all_rows(data.load())}


def test_a_folder_in_which_nothing_is_an_image_is_refused(tmp_path: Path) -> None:
    for name in ("a/x.png", "b/y.png"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True)
        (tmp_path / "pets" / name).write_bytes(b"no")
    with pytest.raises(UserError, match=r"None of the 2 files in .* the first is a.x.png: no PNG"):
        opened(tmp_path / "pets")


def test_images_without_folders_of_their_classes_are_told_how_to_lie(tmp_path: Path) -> None:
    write(tmp_path / "pets" / "x.png", picture(1))
    with pytest.raises(UserError, match="Put the images of each class into a folder of its own"):
        opened(tmp_path / "pets")


def test_links_in_circles_end_and_no_image_counts_twice(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets", 4)
    (root / "a" / "up").symlink_to(root, target_is_directory=True)
    (root / "a" / "self").symlink_to(root / "a", target_is_directory=True)
    (root / "b" / "other").symlink_to(root / "a", target_is_directory=True)
    (root / "b" / "gone.png").symlink_to(root / "nowhere.png")
    folder(tmp_path / "more", 3, classes="c")
    (root / "b" / "more").symlink_to(tmp_path / "more", target_is_directory=True)
    data = opened(root)
    splits = data.load()
    counts = sum(np.bincount(samples.targets, minlength=2) for samples in splits.values())
    assert counts.tolist() == [4, 7]


def test_a_folder_without_permission_is_a_sentence(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets", 3)
    (root / "b").chmod(0)
    try:
        if os.access(root / "b", os.R_OK):  # root may read all: then there is nothing to refuse
            assert opened(root).info().classes == ("a", "b")
            return
        with pytest.raises(UserError, match="b could not be read: Permission denied"):
            opened(root)
    finally:
        (root / "b").chmod(0o755)


@pytest.mark.parametrize("change", ["removed", "added", "rewritten", "moved"])
def test_files_that_changed_since_are_told(tmp_path: Path, change: str) -> None:
    root = folder(tmp_path / "pets", 6)
    data = opened(root)
    if change == "removed":
        (root / "a" / "000.png").unlink()
    elif change == "added":
        write(root / "a" / "new.png", picture(99))
    elif change == "rewritten":
        write(root / "a" / "000.png", picture(99, 13, 13))
    else:
        (root / "a" / "000.png").rename(root / "b" / "moved.png")
    with pytest.raises(UserError, match="pets has changed since it was chosen"):
        data.load()
    assert sum(opened(root).info().sizes.values()) == {"removed": 11, "added": 13}.get(change, 12)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    data = opened(folder(tmp_path / "pets", 3))
    (tmp_path / "pets").rename(tmp_path / "other")
    with pytest.raises(UserError, match="pets is not there"):
        data.load()


def test_a_file_that_vanishes_while_decoding_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, home: Path
) -> None:
    root = folder(tmp_path / "pets", 200)
    going = recognize(root)
    next(e for e in going if isinstance(e, Progress) and e.text.startswith("Decoding"))
    (root / "b" / "199.webp").unlink()
    with pytest.raises(UserError, match=r"199\.webp is not there. Put it back"):
        list(going)
    assert not list((home / "cache").iterdir())


def test_what_was_decoded_once_is_not_decoded_again(tmp_path: Path, home: Path) -> None:
    root = folder(tmp_path / "pets", 8)
    data = opened(root)
    [cache] = (home / "cache").glob("*.npy")
    written = cache.stat().st_ino
    texts = {event.text for event in data.loading()}
    assert not any(text.startswith("Decoding") for text in texts)
    assert (cache.stat().st_ino, len(list((home / "cache").iterdir()))) == (written, 2)
    texts = {event.text for event in data.replace(size=6).loading()}
    assert "Decoding pets" in texts, "another rule is another cache"
    assert np.load(cache, allow_pickle=False).shape == (16, 3, 12, 12)


def test_loading_tells_how_far_it_is_and_can_be_stopped_at_any_word(
    tmp_path: Path, home: Path
) -> None:
    root = folder(tmp_path / "pets", 80)
    steps = [event for event in recognize(root) if isinstance(event, Progress)]
    decoding = [event for event in steps if event.text == "Decoding pets"]
    assert [event.done for event in decoding] == [32, 64, 96, 128, 160]
    assert {event.total for event in decoding} == {160}
    for path in (home / "cache").iterdir():
        path.unlink()
    going = recognize(root)
    next(event for event in going if event == decoding[1])
    going.close()
    assert not list((home / "cache").iterdir())


def test_the_oldest_caches_give_way(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(folder(tmp_path / "pets", 8))
    each = 16 * 3 * 10 * 10
    monkeypatch.setattr(image_cache, "LARGEST", 3.3 * each)
    [first] = (home / "cache").glob("*.npy")
    os.utime(first, (999, 999))
    for age, side in enumerate((10, 9, 8)):
        data.replace(size=side).load()
        newest = max((home / "cache").glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (1000 + age, 1000 + age))
    data.replace(size=10).load()  # used again, so no longer the oldest
    data.replace(size=11).load()
    sides = sorted(np.load(path).shape[-1] for path in (home / "cache").glob("*.npy"))
    assert sides == [8, 10, 11]
    assert len(list((home / "cache").glob("*.json"))) == 3
    with pytest.raises(UserError, match="The decoded images would take"):
        data.replace(size=1500).load()


def test_a_project_holds_all_that_is_known_of_the_folder(tmp_path: Path) -> None:
    data = opened(folder(tmp_path / "pets", 4), fit="pad")
    again = type(data).model_validate_json(data.model_dump_json())
    assert again == data
    assert again.info() == data.info()


def test_names_that_are_no_utf8_can_be_kept(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets", 4)
    odd = os.fsencode(root) + b"/caf\xe9"
    try:
        os.mkdir(odd)  # noqa: PTH102  a Path would do as well, but bytes say it
    except OSError:  # macOS holds UTF-8 only
        return
    for name in (b"/x\xff.png", b"/bad\xff.png"):
        Path(os.fsdecode(odd + name)).write_bytes((root / "a" / "000.png").read_bytes())
    Path(os.fsdecode(odd + b"/bad\xff.png")).write_bytes(b"no image")
    data = opened(root, skip_unreadable=True)
    assert data.info().classes == ("a", "b", "caf\ufffd")
    assert type(data).model_validate_json(data.model_dump_json()) == data
    assert sum(len(samples.targets) for samples in data.load().values()) == 9


def test_photographs_of_one_size_may_be_larger_than_any_size_to_choose(tmp_path: Path) -> None:
    for label in ("a", "b"):
        write(tmp_path / "wide" / label / "0.png", picture(0, 10, 5000))
    assert opened(tmp_path / "wide").info().shape == (3, 64, 64)
