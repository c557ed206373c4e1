"""`workbench export`, `evaluate` and `predict`: a model in hand, without a window."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from tests.engine.small import cnn, new_run
from tests.test_cli import called, told
from workbench.core.project import save_project
from workbench.core.runs import Run
from workbench.engine import checkpoint
from workbench.engine.fit import fit


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = cnn(epochs=2)
    found = new_run(made, tmp_path_factory.mktemp("models"))
    list(fit(made, found))
    return found


@pytest.fixture(scope="module")
def bundle(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bundle")
    path = home / "digits.pt"
    done = told(home, "export", run.folder, "--to", "bundle", "-o", path)
    assert done == {"format": "bundle", "path": str(path)}
    return path


def test_a_run_is_exported_to_onnx_and_what_was_compared_is_told(home: Path, run: Run) -> None:
    path = home / "out" / "digits.onnx"
    done = called(home, "export", run.folder, "--to", "onnx", "-o", path)
    assert (done.returncode, done.stderr) == (0, "")
    start = f"{path} written: run outside on 180 test samples, 100.00% are predicted alike"
    assert done.stdout.startswith(start)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    raw = run.project().data.load()["test"].inputs
    saved = np.load(run.predictions("test", checkpoint.load(run.best)["epoch"]))
    found = session.run(None, {"inputs": raw})[0]
    np.testing.assert_allclose(found, saved["probabilities"], atol=1e-5)


def test_weights_are_exported_as_torch_and_safetensors_read_them(home: Path, run: Run) -> None:
    best = checkpoint.load(run.best)["model"]
    paths = {"state_dict": home / "w.pt", "safetensors": home / "w.safetensors"}
    for kind, path in paths.items():
        assert told(home, "export", run.folder, "--to", kind, "-o", path)["path"] == str(path)
    for found in (
        torch.load(paths["state_dict"], weights_only=True),
        load_file(paths["safetensors"]),
    ):
        assert all(torch.equal(found[name], best[name]) for name in best)
    whole = home / "network.pt"
    told(home, "export", run.folder, "--to", "whole", "-o", whole)
    network = torch.load(whole, weights_only=False)
    assert all(torch.equal(network.state_dict()[name], best[name]) for name in best)


def test_a_bundle_is_exported_like_the_run_that_it_came_from(
    home: Path, run: Run, bundle: Path
) -> None:
    for number, model in enumerate((run.folder, bundle)):
        path = home / f"{number}.safetensors"
        told(home, "export", model, "--to", "safetensors", "-o", path)
    first, second = (load_file(home / f"{number}.safetensors") for number in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_weights_alone_are_exported_with_the_project_of_their_network(home: Path, run: Run) -> None:
    weights, file = home / "w.safetensors", home / "digits.workbench"
    told(home, "export", run.folder, "--to", "safetensors", "-o", weights)
    done = called(home, "export", weights, "--to", "python", "-o", home / "model")
    assert done.returncode == 1
    assert "--project" in done.stderr
    assert not (home / "model").exists()
    save_project(run.project(), file)
    found = told(home, "export", weights, "--project", file, "--to", "python", "-o", home / "model")
    assert (found["split"], found["samples"], found["equal"]) == ("test", 180, 1.0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere", "--to", "onnx", "-o", "m.onnx"), "There is no run and no model at nowhere."),
        (("RUN", "--to", "onnx", "-o", "m.pt"), "ends in .onnx"),
        (("RUN", "--to", "state_dict", "-o", "m.onnx"), "ends in .pt or .pth"),
        (("RUN", "--to", "pickle", "-o", "m.pt"), "invalid choice: 'pickle'"),
        (("RUN", "--to", "onnx", "-o", "there.onnx"), "there.onnx exists already"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    home.mkdir()
    monkeypatch.chdir(home)
    Path("there.onnx").write_text("mine")
    words = [str(run.folder) if word == "RUN" else word for word in arguments]
    done = called(home, "export", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("workbench: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert [each.name for each in Path().iterdir()] == ["there.onnx"]
    assert Path("there.onnx").read_text() == "mine"
