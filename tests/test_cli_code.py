"""`workbench code`: a project as plain PyTorch, printed or written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from generated import tidy

from workbench.cli import run
from workbench.core.codegen import generate
from workbench.core.codegen_train import generate_program
from workbench.core.project import Project, save_project
from workbench.core.runs import create_run
from workbench.core.template import Template


@pytest.fixture
def project() -> Project:
    return Template.shelf["resnet18_cifar"].project()


@pytest.fixture
def file(project: Project, tmp_path: Path) -> Path:
    path = tmp_path / "net.workbench"
    save_project(project, path)
    return path


def test_the_network_is_printed(file: Path, project: Project, capsys) -> None:
    text = generate(project.model, project.data.info().shape).text
    assert run(["code", str(file)]) == 0
    assert capsys.readouterr().out == text
    assert run(["code", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"code": text}


def test_the_program_of_a_run_is_written_with_its_data(tmp_path: Path, capsys) -> None:
    project = Template.shelf["small_cnn"].project()
    folder = create_run(project, tmp_path).folder
    path = tmp_path / "out" / "train.py"
    path.parent.mkdir()
    assert run(["code", str(folder), "--train", "-o", str(path)]) == 0
    assert path.read_text("utf-8") == generate_program(project).text
    assert (path.parent / "fashion_mnist_6000.npz").is_file()
    assert str(path) in capsys.readouterr().out
    assert run(["code", str(folder), "-o", str(path)]) == 1
    assert "--force" in capsys.readouterr().err
    assert run(["code", str(folder), "-o", str(path), "--force"]) == 0
    tidy({"train": path.read_text("utf-8")}, tmp_path)


def test_data_of_somebody_else_beside_the_program_is_kept(tmp_path: Path, capsys) -> None:
    net, path = tmp_path / "net.workbench", tmp_path / "out" / "train.py"
    save_project(Template.shelf["small_cnn"].project(), net)
    data = path.with_name("fashion_mnist_6000.npz")
    path.parent.mkdir()
    data.write_bytes(b"my own")
    assert run(["code", str(net), "--train", "-o", str(path)]) == 1
    error = capsys.readouterr().err
    assert str(data) in error
    assert "--force" in error
    assert data.read_bytes() == b"my own"
    assert not path.exists()
    assert run(["code", str(net), "--train", "-o", str(path), "--force"]) == 0
    path.unlink()
    assert run(["code", str(net), "--train", "-o", str(path)]) == 0  # the data is no other


def test_it_needs_no_torch(file: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from workbench.cli import run; run(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "code", str(file), "--train"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert "class Net(nn.Module):" in done.stdout


def test_a_file_that_is_none_is_told(tmp_path: Path, capsys) -> None:
    assert run(["code", str(tmp_path / "none.workbench")]) == 1
    assert "could not be read" in capsys.readouterr().err
