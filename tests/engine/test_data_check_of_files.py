"""The data check on real files: every fault is planted in a file and found under its name."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.core.data_check import DataChecked, Finding
from workbench.core.events import DatasetRecognized
from workbench.engine.data_check import check
from workbench.engine.sources import recognize


def found(path: Path, **options: object) -> dict[str, Finding]:
    *_, opened = recognize(path, **options)
    assert isinstance(opened, DatasetRecognized)
    *_, told = check(opened.data)
    assert isinstance(told, DataChecked)
    return {finding.kind: finding for finding in told.findings}


def image(seed: int) -> Image.Image:
    """A coarse pattern, made smooth: no two are alike."""
    draw = np.random.default_rng(seed)
    coarse = draw.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((48, 48), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images in folders for splits and classes, nothing wrong with them."""
    seed = 0
    for split, count in (("train", 24), ("val", 8), ("test", 8)):
        for name in ("a", "b"):
            (tmp_path / "set" / split / name).mkdir(parents=True)
            for number in range(count):
                image(seed := seed + 1).save(tmp_path / "set" / split / name / f"{number}.png")
    return tmp_path / "set"


def test_nothing_is_found_in_good_images(folder: Path) -> None:
    assert found(folder) == {}


def test_copies_of_files_are_named(folder: Path) -> None:
    for number in range(4):
        held = (folder / "train" / "a" / f"{number}.png").read_bytes()
        (folder / "test" / "a" / f"{number}.png").write_bytes(held)
    leak = found(folder)["leak"]
    assert leak.where == tuple(f"test/a/{number}.png = train/a/{number}.png" for number in range(4))


def test_files_that_were_saved_again_as_jpeg_are_near_copies(folder: Path) -> None:
    for number in range(3):
        (folder / "val" / "b" / f"{number}.png").unlink()
        again = Image.open(folder / "train" / "b" / f"{number}.png")
        held = io.BytesIO()
        again.save(held, "jpeg", quality=70)
        (folder / "val" / "b" / f"{number}.jpg").write_bytes(held.getvalue())
    told = found(folder)
    assert set(told) == {"near_leak"}
    assert told["near_leak"].where == tuple(
        f"val/b/{number}.jpg = train/b/{number}.png" for number in range(3)
    )


def test_unreadable_and_blank_files_are_named(folder: Path) -> None:
    whole = (folder / "train" / "a" / "3.png").read_bytes()
    (folder / "train" / "a" / "3.png").write_bytes(whole[: len(whole) // 2])
    (folder / "train" / "b" / "noise.png").write_bytes(b"no image at all")
    Image.new("RGB", (48, 48)).save(folder / "val" / "a" / "black.png")
    told = found(folder)
    names = [place.partition(":")[0] for place in told["unreadable"].where]
    assert sorted(names) == ["train/a/3.png", "train/b/noise.png"]
    assert told["unreadable"].severity == "error"
    assert told["unreadable"].fix.skip_unreadable
    assert told["blank"].where == ("val/a/black.png",)


def write_table(path: Path, **columns: list[object]) -> Path:
    draw = np.random.default_rng(3)
    whole: dict[str, list[object]] = {
        "length": [f"{value:.3f}" for value in draw.normal(5, 1, 120)],
        "width": [f"{value:.3f}" for value in draw.normal(2, 1, 120)],
        **columns,
        "kind": [("x", "y")[row % 2] for row in range(120)],
    }
    rows = [",".join(map(str, row)) for row in zip(*whole.values(), strict=True)]
    path.write_text("\n".join([",".join(whole), *rows]) + "\n", "utf-8")
    return path


def test_nothing_is_found_in_a_good_table(tmp_path: Path) -> None:
    assert found(write_table(tmp_path / "t.csv")) == {}


def test_columns_that_hold_nothing_are_named(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "t.csv",
        empty=[""] * 120,
        same=["1"] * 120,
        holes=["" if row % 4 else str(row * 1.5) for row in range(120)],
        far=["inf" if row == 7 else str(row % 7 + 0.5) for row in range(120)],
    )
    told = found(path)
    assert told["all_missing"].where == ("empty",)
    assert told["constant"].where == ("same",)
    assert told["mostly_missing"].where == ("holes",)
    assert told["not_finite"].where == ("far",)


def test_what_is_not_learned_from_is_told(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", name=[f"person {row}" for row in range(120)])
    lines = path.read_text("utf-8").splitlines()
    emptied = [line[:-1] if row in (3, 50, 71) else line for row, line in enumerate(lines)]
    path.write_text("\n".join(emptied) + "\n", "utf-8")
    told = found(path)
    assert (told["words"].severity, told["words"].where) == ("note", ("name",))
    assert (told["no_target"].severity, told["no_target"].count) == ("note", 3)
    assert "of kind, which are not used: 3 of 120" in told["no_target"].to_dict()["message"]


def test_classes_four_times_apart_can_be_weighed(tmp_path: Path) -> None:
    for times, wanted in ((5, True), (2, False)):
        kinds = ["y" if row % (times + 1) == 0 else "x" for row in range(120)]
        data = found(write_table(tmp_path / f"{times}.csv", class_=kinds), target="class_")
        assert ("imbalance" in data) == wanted
        if wanted:
            assert data["imbalance"].fix.balance == "weights"


@pytest.mark.parametrize("rule", ["mean", "drop rows"])
def test_columns_that_lack_some_values_are_told_with_their_share_and_the_rule(
    tmp_path: Path, rule: str
) -> None:
    gaps = ["" if row % 20 == 0 else f"{row * 1.5}" for row in range(120)]
    path = write_table(tmp_path / "t.csv", lacking=gaps)
    finding = found(path, missing=rule)["filled"]
    assert finding.severity == "note"
    assert finding.where == ("lacking: 6 (5.0%)",)
    assert finding.values["rule"] == rule


def test_a_column_that_gives_the_target_away_is_named(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", answer=[row % 2 * 3 + 1 for row in range(120)])
    leak = found(path)["target_leak"]
    assert leak.where == ("answer",)
    assert leak.fix.info().features == ("length", "width")


def test_equal_rows_are_copies(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv")
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(lines + lines[1:61]) + "\n", "utf-8")
    told = found(path)
    assert told["leak"].severity == "error"
    assert told["duplicate"].count + told["leak"].count >= 30


def test_arrays_with_values_that_are_not_finite(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(100, 4)).astype(np.float32)
    inputs[17, 2] = np.nan
    np.savez(tmp_path / "a.npz", X=inputs, y=np.arange(100) % 2)
    assert found(tmp_path / "a.npz")["not_finite"].count == 1


def test_the_command_line_tells_the_files(folder: Path, tmp_path: Path) -> None:
    (folder / "train" / "a" / "bad.png").write_bytes(b"no image")
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "data", "check", str(folder)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "train/a/bad.png" in done.stdout
    assert "error" in done.stdout


@pytest.mark.parametrize(("odd", "kind"), [(-1, "negative_label"), (255, "label_gap")])
def test_labels_that_are_marks_are_told(tmp_path: Path, odd: int, kind: str) -> None:
    """Numbers of a file are its classes, so that none is out of their range."""
    labels = [odd if row == 7 else row % 3 for row in range(120)]
    path = write_table(tmp_path / "t.csv", y=labels)
    assert found(path, target="y", task="classification")[kind].where == (str(odd),)
