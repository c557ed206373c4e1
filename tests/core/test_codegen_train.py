"""`train.py`: it runs where the program is not installed, and learns as the program does."""

import re
from pathlib import Path

import pytest
from alone import Alone
from generated import tidy

from workbench.core.codegen_train import files_beside, generate_program
from workbench.core.data import DatasetSpec
from workbench.core.events import EpochCompleted
from workbench.core.project import Project
from workbench.core.runs import create_run
from workbench.core.template import Template
from workbench.core.train import LossSpec, OptimizerSpec
from workbench.engine.fit import fit

BLOCKED = (
    "import runpy, sys; sys.modules['workbench'] = None; runpy.run_path({!r}, run_name='__main__')"
)


def short(template: str, data: str | None = None, **recipe: object) -> Project:
    project = Template.shelf[template].project(DatasetSpec.named(data)() if data else None)
    return project.replace(train=project.train.replace(epochs=1, **recipe))


def run_alone(project: Project, folder: Path, alone: Alone) -> str:
    """What the program prints in a Python that has no workbench."""
    path = folder / "train.py"
    path.write_text(generate_program(project).text, encoding="utf-8")
    for name, content in files_beside(project):
        (folder / name).write_bytes(content)
    printed = alone.run(BLOCKED.format(str(path)), folder=folder)
    assert (folder / "model.pt").stat().st_size
    return printed


@pytest.mark.parametrize(
    "project",
    [
        short("small_cnn", batch_size=500),
        short("lenet5", "Digits", loss=LossSpec.named("BCEWithLogitsLoss")()),
        short("linear_regression"),
        short("mlp", "Wine", loss=LossSpec.named("MSELoss")()),
        short("logistic_regression"),
        short("mlp", "Iris", batch_size="all", optimizer=OptimizerSpec.named("SGD")(momentum=0.5)),
    ],
    ids=lambda project: project.data.kind + project.train.loss.kind,
)
def test_it_runs_alone_and_learns_what_the_program_learns(
    project: Project, tmp_path: Path, alone: Alone
) -> None:
    printed = run_alone(project, tmp_path, alone)
    (told,) = (
        e for e in fit(project, create_run(project, tmp_path)) if isinstance(e, EpochCompleted)
    )
    figures = [float(figure) for figure in re.findall(r"-?\d+\.\d{4}", printed)]
    metric = "mae" if project.data.info().task == "regression" else "accuracy"
    expected = [split[name] for split in (told.train, told.val) for name in ("loss", metric)]
    assert figures[: len(expected)] == pytest.approx(expected, abs=6e-5, rel=1e-5)
    assert printed.splitlines()[1].startswith("test loss")


TOLD = sorted(DatasetSpec.offered())


def test_every_choice_tells_its_source_and_the_program_is_tidy(tmp_path: Path) -> None:
    texts = {}
    for name in TOLD:
        template = "linear_regression" if name in ("Diabetes", "Curve") else "mlp"
        project = Template.shelf[template].project(
            DatasetSpec.named(name)(normalize=name != "Wine")
        )
        texts[name] = generate_program(project).text
    project = short("mlp")
    for optimizer in OptimizerSpec.choices().values():
        if optimizer.__name__ == "LBFGS":
            continue
        changed = project.train.replace(optimizer=optimizer(weight_decay=0.125))
        texts[optimizer.__name__] = generate_program(project.replace(train=changed)).text
        assert "weight_decay=0.125" in texts[optimizer.__name__]
    no_val = project.replace(data=project.data.replace(val_fraction=0.0, test_fraction=0.0))
    texts["no_val"] = generate_program(no_val).text
    texts |= {name: generate_program(kind.project()).text for name, kind in Template.shelf.items()}
    tidy(texts, tmp_path)


def test_lines_of_the_network_know_their_layers() -> None:
    project = short("small_cnn")
    code = generate_program(project)
    lines = code.text.splitlines()
    assert len(lines) == len(code.owners)
    for path, layer in project.model.nested():
        assert all(f"self.{layer.name}" in lines[number] for number in code.lines_of(path))
        assert len(code.lines_of(path)) == 2
