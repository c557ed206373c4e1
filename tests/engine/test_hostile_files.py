"""Further bad files, each told in a sentence: other byte orders, paths that climb out, functions of
torch that run what they are told, every length, and disks that refuse."""

import errno
import os
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from safetensors.torch import save

from workbench.core.errors import ForeignClass, UserError
from workbench.engine import checkpoint
from workbench.engine.build import build
from workbench.engine.bundle import save_bundle
from workbench.engine.export import save_parameters
from workbench.engine.restore import load_model

PROJECT = small.project(small.layer("Linear", out_features=3), data="Iris")
STATE = {"fc1.weight": torch.arange(12.0).reshape(3, 4), "fc1.bias": torch.ones(3)}
DAMAGED = r"is damaged, or was not written by torch\.save or safetensors"


def load(path: Path) -> dict[str, torch.Tensor]:
    list(load_model(path, PROJECT, path.with_name("into.pt")))
    found: dict[str, torch.Tensor] = checkpoint.load(path.with_name("into.pt"))["model"]
    return found


def rewritten(path: Path, parts: dict[str, bytes], more: dict[str, bytes] | None = None) -> None:
    """The archive with some of its parts, by the ends of their names, in other words."""
    with zipfile.ZipFile(path) as old:
        held = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in held.items():
            new.writestr(name, parts.get(name.partition("/")[2], data))
        for name, data in (more or {}).items():
            new.writestr(name, data)


def test_files_of_the_other_byte_order_are_read_as_they_are_meant(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    torch.save(STATE, path)
    swapped = [value.numpy().astype(">f4").tobytes() for value in STATE.values()]
    rewritten(path, {"byteorder": b"big", "data/0": swapped[0], "data/1": swapped[1]})
    assert torch.equal(load(path)["fc1.weight"], STATE["fc1.weight"])
    rewritten(path, {"byteorder": b"middle"})
    with pytest.raises(UserError, match=DAMAGED):
        load(path)
    whole = save(STATE)
    turned = whole[7::-1] + whole[8:]  # the length of the header, as no safetensors has it
    (tmp_path / "m.safetensors").write_bytes(turned)
    with pytest.raises(UserError, match=DAMAGED):
        load(tmp_path / "m.safetensors")


def test_names_that_climb_out_of_the_archive_write_nothing(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    path = inner / "m.pt"
    torch.save(STATE, path)
    rewritten(path, {}, {"../canary": b"x", str(tmp_path / "canary2"): b"x"})
    with suppress(UserError):  # whether torch takes it or not
        load(path)
    assert [each.name for each in tmp_path.iterdir()] == ["inner"]


def test_a_safetensors_file_cut_at_any_length_is_told(tmp_path: Path) -> None:
    whole, path = save(STATE), tmp_path / "m.safetensors"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=DAMAGED):
            load(path)


class Called:
    """A function of torch's own that runs or fetches what it is told, called as a pickle can."""

    def __init__(self, function: Any, canary: Path) -> None:
        self.function, self.canary = function, canary

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, (str(self.canary), str(self.canary))


DANGEROUS = [
    torch.hub.load,
    torch.hub.download_url_to_file,
    torch.load,
    torch.jit.load,
    torch.save,
    torch.package.PackageImporter,
    torch.storage._load_from_bytes,
    torch.serialization.add_safe_globals,
]


@pytest.mark.parametrize("function", DANGEROUS, ids=lambda each: each.__qualname__)
def test_functions_of_torch_itself_are_not_called(function: Any, tmp_path: Path) -> None:
    path, canary = tmp_path / "m.pt", tmp_path / "canary"
    torch.save({**STATE, "x": Called(function, canary)}, path)
    with pytest.raises(ForeignClass, match="and could run code of its own"):
        load(path)
    list(load_model(path, PROJECT, tmp_path / "into.pt", tensors_only=True))
    assert torch.equal(
        checkpoint.load(tmp_path / "into.pt")["model"]["fc1.weight"], STATE["fc1.weight"]
    )
    assert not canary.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_leaves_the_old_file_whole(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, path = tmp_path / "w.pt", tmp_path / "m.pt"
    checkpoint.save({"model": build(PROJECT.model, (4,)).state_dict()}, weights)
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    for write in (save_parameters(weights, path), save_bundle(PROJECT, weights, path)):
        with pytest.raises(UserError, match=f"could not be written: {os.strerror(number)}"):
            list(write)
    assert path.read_bytes() == b"old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["m.pt", "w.pt"]
