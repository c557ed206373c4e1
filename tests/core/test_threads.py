"""How torch's threads wait: soon asleep, unless the user has said otherwise."""

import os

import pytest

from workbench.core.threads import SPINS, wait_asleep

NAMES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ({}, {"GOMP_SPINCOUNT": str(SPINS)}),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
)
def test_what_the_user_says_holds(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], then: dict[str, str]
) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that it is given back as it was
        monkeypatch.delenv(name)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    wait_asleep()
    assert {name: os.environ[name] for name in NAMES if name in os.environ} == then
