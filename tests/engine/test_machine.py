"""The machine: what it has, and what it is not asked for."""

import os

import pytest
import torch

from workbench.core.errors import UserError
from workbench.core.events import DevicesFound
from workbench.engine import machine


def test_every_device_that_is_told_can_be_used() -> None:
    first, *_ = machine.find_devices()
    assert isinstance(first, DevicesFound)
    assert next(iter(first.devices)) == "cpu"
    for name in first.devices:
        assert torch.zeros(1, device=machine.device(name)).item() == 0
    assert ("cuda:0" in first.devices) == torch.cuda.is_available()


@pytest.mark.parametrize("name", ["cuda:99", "xpu", ""])
def test_a_device_that_is_not_here_is_told_with_those_that_are(name: str) -> None:
    with pytest.raises(UserError, match=f"no device {name}; it has cpu.*Choose another"):
        machine.device(name)


def test_memory_is_asked_for_only_up_to_what_the_machine_has() -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    machine.check_memory(memory // 16)
    with pytest.raises(UserError, match="Make a layer smaller"):
        machine.check_memory(memory // 16 + 1)
