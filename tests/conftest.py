"""What all tests share: a home of their own and one set of warm processes."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from alone import Alone

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.engine.remote import Engines


def pytest_collection_finish() -> None:
    """What all modules hold stays to the end: neither the collector nor the hunt for what a test
    leaves behind goes through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees or touches what the user has."""
    folder = tmp_path / "home"
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    shared = Engines()
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def alone() -> Iterator[Alone]:
    shared = Alone()
    yield shared
    shared.close()
