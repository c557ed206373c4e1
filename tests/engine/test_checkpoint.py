"""Checkpoints: damage is found, foreign files are refused, and nothing in a file is run."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from workbench.core.errors import UserError
from workbench.engine import checkpoint

STATE = {
    "model": {"fc1.weight": torch.arange(12.0).view(3, 4), "fc1.bias": torch.zeros(3)},
    "optimizer": {"state": {0: {"step": torch.tensor(5.0)}}, "param_groups": [{"lr": 0.1}]},
    "rng": torch.get_rng_state(),
    "epoch": 2,
    "sums": {"loss": 0.5},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    checkpoint.save(STATE, tmp_path / "checkpoints" / "last.pt")
    return tmp_path / "checkpoints" / "last.pt"


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def refused(path: Path) -> str:
    with pytest.raises(UserError, match=str(path)) as told:
        checkpoint.load(path)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_what_was_saved_is_loaded_and_torch_alone_can_read_it(path: Path) -> None:
    assert equal(checkpoint.load(path), STATE)
    assert equal(torch.load(path, weights_only=True), STATE)
    assert [entry.name for entry in path.parent.iterdir()] == ["last.pt"]


def test_a_file_cut_off_anywhere_is_refused(path: Path, tmp_path: Path) -> None:
    whole, cut = path.read_bytes(), tmp_path / "cut.pt"
    for length in [*range(0, len(whole), 211), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        assert "damaged" in refused(cut)


def test_no_flipped_bit_changes_a_weight_in_silence(path: Path, tmp_path: Path) -> None:
    whole, flipped = bytearray(path.read_bytes()), tmp_path / "flipped.pt"
    found = 0
    for position in range(0, len(whole), 13):
        data = whole.copy()
        data[position] ^= 1 << position % 8
        flipped.write_bytes(data)
        try:
            loaded = checkpoint.load(flipped)
        except UserError as error:
            found += 1
            assert str(flipped) in str(error)  # noqa: PT017  loading may also succeed
        else:
            assert equal(loaded, STATE)  # the bit was padding, or a date
    assert found > 50


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_wants_to_run_code_is_refused_and_runs_nothing(
    tmp_path: Path, zipped: bool
) -> None:
    evil, canary = tmp_path / "evil.pt", tmp_path / "canary"
    if zipped:
        torch.save({"model": Canary(canary)}, evil)
    else:
        evil.write_bytes(pickle.dumps({"model": Canary(canary)}))
    refused(evil)
    assert not canary.exists()
    os.system(f"touch {canary}")
    assert canary.exists(), "the canary would have sung"


@pytest.mark.parametrize("content", [{"x": 1}, {}, [1], "text", 5, None, torch.zeros(3)], ids=repr)
def test_another_programs_file_is_no_checkpoint(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "foreign.pt")
    assert "is not a checkpoint of this program" in refused(tmp_path / "foreign.pt")


def test_files_that_are_no_archive_of_torch_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "text.pt").write_text("model\n\nweights\n")
    with zipfile.ZipFile(tmp_path / "other.pt", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with zipfile.ZipFile(tmp_path / "bare.pt", "w"):
        pass
    (tmp_path / "folder.pt").mkdir()
    for name in ("empty", "text", "other", "bare", "folder"):
        assert "damaged" in refused(tmp_path / f"{name}.pt")
    assert "There is no checkpoint at" in refused(tmp_path / "missing.pt")


def test_a_disk_that_refuses_keeps_the_checkpoint_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file in the folder's place")
    with pytest.raises(UserError, match="could not be written"):
        checkpoint.save(STATE, tmp_path / "checkpoints" / "last.pt")
    assert (tmp_path / "checkpoints").read_text() == "a file in the folder's place"
