"""Where samples lie: on the device if they fit there, else beside it."""

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
