"""Files that are written to while a run reads them: a sentence, never a process that is killed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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
