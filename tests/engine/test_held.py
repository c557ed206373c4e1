"""Where samples lie: on the device if they fit there, else beside it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.core.data import Samples
from workbench.engine import held


def test_arrays_that_do_not_fit_into_a_device_stay_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A device without memory of its own stands for one that is too small."""
    samples = Samples(np.arange(2400, dtype=np.float32).reshape(100, 4, 6), np.arange(100))
    free = [2 * samples.inputs.nbytes]
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free[0], 1 << 40))
    assert held.fits({"train": samples}, torch.device("cuda"))
    free[0] -= 1
    assert not held.fits({"train": samples}, torch.device("cuda"))
    split = held.Split(samples, torch.device("meta"), held=False)
    assert split._rows is not None
    assert split._rows.device.type == "cpu"
    inputs, targets = split.taken(torch.tensor([3, 5]))
    assert (inputs.device.type, targets.device.type) == ("meta", "meta")
    assert [len(inputs) for inputs, _ in split.batches(torch.arange(100), 30)] == [30, 30, 30, 10]


SHORT_OF_MEMORY = """
import resource, sys
import numpy as np
from workbench.core.errors import UserError
from workbench.core.file_source import FileSource
from workbench.engine.batches import forget, loaded
from workbench.engine.sources import recognize
np.save(sys.argv[1], np.ones((400_000, 40)))
*_, opened = recognize(sys.argv[1])
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (150 << 20), -1))
try:
    loaded(opened.data)
except UserError as error:
    print("told:", error)
"""


def test_data_that_memory_does_not_hold_are_told(tmp_path: Path) -> None:
    """The check before, which knows the machine's memory alone, lets them through."""
    path = tmp_path / "rows.npy"
    command = [sys.executable, "-c", SHORT_OF_MEMORY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith("told: There is too little memory to hold rows.npy."), done
