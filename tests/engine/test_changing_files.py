"""Files that are written to while a run reads them: a sentence, never a process that is killed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from image_files import folder as folder_of_images

from tests.written import opened, table
from workbench.core.data import ended
from workbench.core.errors import UserError
from workbench.engine.batches import forget, loaded, loading

TRAIN = """
import os, sys
from pathlib import Path
from workbench.catalog.datasets.rows import HELD_BYTES
from workbench.core.errors import UserError
from workbench.core.events import DatasetRecognized, StepCompleted
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.runs import create_run
from workbench.core.train import OptimizerSpec, TrainConfig, default_loss
from workbench.engine.fit import fit
from workbench.engine.sources import recognize

folder, how = Path(sys.argv[1]), sys.argv[2]
*_, opened = recognize(folder / "x.npy")
assert isinstance(opened, DatasetRecognized)
layers = (LayerSpec.named("Flatten")(), LayerSpec.named("Linear")(out_features=2))
train = TrainConfig(
    loss=default_loss(opened.data.info()),
    optimizer=OptimizerSpec.named("Adam")(),
    batch_size=100,
    epochs=1,
)
project = Project(model=ModelSpec(layers=layers), data=opened.data, train=train)
assert opened.data.load()["train"].inputs.nbytes > HELD_BYTES
try:
    for event in fit(project, create_run(project, folder / "runs")):
        if isinstance(event, StepCompleted) and event.step == 2:
            with (folder / "x.npy").open("r+b") as file:
                if how == "cut short":
                    file.truncate(4096)
                else:
                    file.seek(4096)
                    file.write(b"other pixels")
    print("trained to the end")
except UserError as error:
    print(error)
"""


@pytest.mark.parametrize("how", ["cut short", "rewritten"])
def test_a_mapped_file_that_changes_while_it_is_trained_on_is_told(
    tmp_path: Path, how: str
) -> None:
    shape = (90_000, 64, 64)  # more than is held in memory; without any blocks on the disk
    np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, shape).flush()
    np.save(tmp_path / "y.npy", np.arange(shape[0]) % 2)
    command = [sys.executable, "-c", TRAIN, str(tmp_path), how]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert done.stdout.startswith(f"{tmp_path / 'x.npy'} has changed since it was chosen."), done


def one_table(folder: Path) -> Path:
    return table(folder / "t.csv", {"x": range(40), "y": [row % 2 for row in range(40)]})


def one_folder(folder: Path) -> Path:
    return folder_of_images(folder / "pets", 12)


def sequences(folder: Path) -> Path:
    for label in ("run", "walk"):
        (folder / "moves" / label).mkdir(parents=True)
        for number in range(10):
            table(folder / "moves" / label / f"{number}.csv", {"x": [number, 1], "y": [2, 3]})
    return folder / "moves"


@pytest.mark.parametrize("write", [one_table, one_folder, sequences])
def test_samples_that_are_held_of_files_that_are_others_by_now_are_not_trained_on(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    forget()
    path = write(tmp_path)
    data = opened(path)
    ended(loading(data))
    before = ended(loading(data))
    assert before is loaded(data)
    file = sorted(each for each in [path, *path.rglob("*")] if each.is_file())[-1]
    os.utime(file, ns=(10**18, 10**18))
    with pytest.raises(UserError, match="has changed since it was chosen"):
        ended(loading(data))
    assert loaded(data) is before, "a run goes on with what it has"
    if path.is_file():
        file.unlink()
        with pytest.raises(UserError, match="is not there"):
            ended(loading(data))
