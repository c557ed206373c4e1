"""Where things lie on this machine: shipped resources, the user's data, runs and settings."""

import os
import sys
from pathlib import Path

import platformdirs

APP = "torch-workbench"


def resource(*parts: str) -> Path:
    """A file or folder that ships with the program, in a checkout, a wheel or a bundle alike."""
    package = Path(__file__).resolve().parents[1]
    bundled = Path(getattr(sys, "_MEIPASS", package)) / "resources"
    shipped = bundled if bundled.is_dir() else package / "resources"
    root = shipped if shipped.is_dir() else package.parent / "resources"
    return root.joinpath(*parts)


def user_data() -> Path:
    """The platform's folder for what the user makes; `WORKBENCH_HOME` overrides it."""
    home = os.environ.get("WORKBENCH_HOME")
    return Path(home) if home else Path(platformdirs.user_data_dir(APP, appauthor=False))


def runs_dir() -> Path:
    """Where runs are kept unless the user chose another folder."""
    return user_data() / "runs"


def datasets_dir() -> Path:
    """Where downloaded datasets are kept unless the user chose another folder."""
    return user_data() / "datasets"


def weights_dir() -> Path:
    """Where downloaded weights of backbones are kept."""
    return user_data() / "weights"


def log_file() -> Path:
    """The log of the window: warnings, and errors with their tracebacks."""
    return user_data() / "workbench.log"
