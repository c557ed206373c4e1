"""Programs that the project writes, run in a clean Python, and the losses of each of their steps.

One process runs many of them one after the other, since starting torch takes seconds.
"""

from collections.abc import Mapping
from pathlib import Path

from alone import Alone

from workbench.core.codegen_train import files_beside, generate_program
from workbench.core.events import StepCompleted
from workbench.core.project import Project
from workbench.core.runs import create_run
from workbench.engine.fit import fit

RUN_ALL = """
import os, runpy, sys, traceback, warnings
from pathlib import Path
import torch
sys.modules["workbench"] = None
for name in sys.argv[1:]:
    os.chdir(name)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            runpy.run_path("train.py", run_name="__main__")
    except BaseException:
        Path("error.txt").write_text(traceback.format_exc())
"""


def run_twins(
    projects: Mapping[str, Project], alone: Alone, folder: Path
) -> dict[str, list[float] | str]:
    """The losses of each program, or what it raised."""
    folders = {name: folder / name for name in projects}
    for name, project in projects.items():
        folders[name].mkdir(parents=True)
        text = generate_program(project).text
        (folders[name] / "train.py").write_text(text, encoding="utf-8")
        for file, content in files_beside(project):
            (folders[name] / file).write_bytes(content)
    alone.run(RUN_ALL, *folders.values(), folder=folder)
    return {name: _losses(each) for name, each in folders.items()}


def _losses(folder: Path) -> list[float] | str:
    error = folder / "error.txt"
    if error.exists():
        return error.read_text()
    return [float(loss) for loss in (folder / "losses.csv").read_text().splitlines()]


def assert_the_same(projects: Mapping[str, Project], alone: Alone, folder: Path) -> None:
    """Every program loses in every step what the program loses, to the last bit."""
    told = run_twins(projects, alone, folder)
    for name, each in projects.items():
        expected = trained(each, folder)
        assert len(expected) > 3
        assert told[name] == expected, f"{name}: {told[name]}"


def trained(project: Project, folder: Path) -> list[float]:
    """The losses of the same project, trained here."""
    events = fit(project, create_run(project, folder / "runs"))
    return [event.metrics["loss"] for event in events if isinstance(event, StepCompleted)]
