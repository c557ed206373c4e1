"""`workbench export`, `evaluate` and `predict`: a model in hand, without a window."""

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.engine.small import cnn, layer, new_run, project
from tests.test_cli import called, told
from tests.written import opened, people, table
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
    assert done.returncode == 0, done.stderr  # which says how far it is, where that takes seconds
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
        (
            ("nowhere", "--to", "onnx", "-o", "m.onnx"),
            "There is no model at nowhere, and it is not a run folder.",
        ),
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


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_bundle_predicts_pictures_and_arrays_as_its_run_did(
    home: Path, run: Run, bundle: Path
) -> None:
    home.mkdir()
    test = run.project().data.load()["test"]
    saved = np.load(run.predictions("test", checkpoint.load(run.best)["epoch"]))["probabilities"]
    np.save(home / "digits.npy", test.inputs)
    pictures = [home / f"{number}.png" for number in range(3)]
    for number, path in enumerate(pictures):  # sixteen greys as 0 to 255, and twice as large
        grey = (test.inputs[number, 0] * (255 / 16)).round().astype(np.uint8)
        Image.fromarray(grey.repeat(2, 0).repeat(2, 1)).save(path)
    told = lines(called(home, "predict", bundle, home / "digits.npy", *pictures))
    assert [line["sample"] for line in told] == [*range(1, 181), 1, 1, 1]
    found = np.array([list(line["probabilities"].values()) for line in told])
    np.testing.assert_allclose(found[:180], saved, atol=1e-5)
    classes = run.project().data.info().classes
    assert [line["predicted"] for line in told[:180]] == [classes[n] for n in saved.argmax(1)]
    assert [Path(line["file"]) for line in told[180:]] == pictures
    np.testing.assert_allclose(found[180:], saved[:3], atol=0.2)  # Pillow smooths what it shrinks


@pytest.fixture(scope="module")
def passengers(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("passengers")
    columns = people(200)
    columns["part"] = [("train", "train", "val", "test")[row % 4] for row in range(200)]
    data = opened(table(folder / "people.csv", columns), target="survived", missing="own column")
    made = project(layer("Linear", out_features=2), data=data, epochs=2, lr=0.1)
    found = new_run(made, folder)
    list(fit(made, found))
    return found


def test_rows_of_a_table_are_predicted_by_their_texts(home: Path, passengers: Run) -> None:
    home.mkdir()
    with Path(passengers.project().data.path).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "test"]
    names = ("fare", "port", "sex", "age", "name")  # in another order, with what is not needed
    asked = table(home / "asked.csv", {name: [row[name] for row in rows] for name in names})
    told = lines(called(home, "predict", passengers.folder, asked))
    saved = np.load(passengers.predictions("test", checkpoint.load(passengers.best)["epoch"]))
    found = np.array([list(line["probabilities"].values()) for line in told])
    np.testing.assert_allclose(found, saved["probabilities"], atol=1e-5)


def test_a_bundle_predicts_rows_without_the_table_that_it_was_trained_on(
    home: Path, passengers: Run
) -> None:
    home.mkdir()
    asked = table(home / "asked.csv", people(9))
    before = lines(called(home, "predict", passengers.folder, asked))
    told(home, "export", passengers.folder, "--to", "bundle", "-o", home / "people.pt")
    trained_on = Path(passengers.project().data.path)
    hidden = trained_on.rename(trained_on.with_name("hidden.csv"))
    try:
        assert called(home, "predict", passengers.folder, asked).returncode == 1
        assert lines(called(home, "predict", home / "people.pt", asked)) == before
    finally:
        hidden.rename(trained_on)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"age": [1]}, "has no column 'sex', which the model needs; it has age"),
        (
            {"age": [1], "sex": ["male"], "port": ["Ghent"], "fare": [2]},
            "has 'Ghent' in the column 'port'; the model knows Cherbourg, Queenstown, Southampton",
        ),
        (
            {"age": ["old"], "sex": ["male"], "port": ["?"], "fare": [2]},
            "has words in the column 'age'",
        ),
    ],
)
def test_rows_that_the_model_does_not_know_are_told(
    home: Path, passengers: Run, columns: dict[str, list[Any]], sentence: str
) -> None:
    home.mkdir()
    done = called(home, "predict", passengers.folder, table(home / "asked.csv", columns))
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_no_picture_or_not_there_is_told(home: Path, run: Run) -> None:
    home.mkdir()
    (home / "letter.png").write_text("Dear Sir or Madam")
    np.save(home / "wide.npy", np.zeros((2, 1, 9, 9), np.uint8))
    for name, sentence in (
        ("letter.png", "can't be read: no PNG, JPEG, WebP, BMP or TIFF image"),
        ("wide.npy", "holds uint8 of (2, 1, 9, 9); the model takes numbers of (n, 1, 8, 8)"),
        ("nowhere.png", "There is no file at "),
    ):
        done = called(home, "predict", run.folder, home / name)
        assert (done.returncode, done.stdout) == (1, "")
        assert sentence in done.stderr


def test_a_bundle_is_measured_on_its_data_and_on_others(
    home: Path, run: Run, bundle: Path, passengers: Run
) -> None:
    expected = told(home, "evaluate", run.folder)
    found = told(home, "evaluate", bundle)
    assert (found["accuracy"], found["samples"]) == (expected["accuracy"], 180)
    assert (expected["checkpoint"], found["checkpoint"]) == ("best", "")
    other = run.project()
    data = other.data.replace(split_seed=7)
    save_project(other.replace(data=data), home / "other.workbench")
    moved = told(home, "evaluate", bundle, "--data", home / "other.workbench", "--split", "val")
    network, prepared = by_hand(run)
    samples = data.unprepared.load()["val"]
    outputs = network(prepared(torch.from_numpy(samples.inputs)))
    right = (outputs.argmax(1).numpy() == samples.targets).mean()
    assert moved["accuracy"] == pytest.approx(right)
    loss = torch.nn.functional.cross_entropy(outputs, torch.from_numpy(samples.targets)).item()
    assert moved["loss"] == pytest.approx(loss, rel=1e-5)
    save_project(passengers.project(), home / "people.workbench")
    done = called(home, "evaluate", bundle, "--data", home / "people.workbench")
    assert done.returncode == 1
    assert "its samples are not those that it was trained on" in done.stderr


def by_hand(run: Run) -> tuple[torch.nn.Module, Callable[[torch.Tensor], torch.Tensor]]:
    """The network with its weights, and the mean and deviation of its own training split."""
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 10),
    )
    weights = checkpoint.load(run.best)["model"].values()
    network.load_state_dict(dict(zip(network.state_dict(), weights, strict=True)))
    train = torch.from_numpy(run.project().data.load()["train"].inputs).double() / 16
    mean, std = train.mean().float(), train.std(correction=0).float()
    return network.eval(), lambda inputs: (inputs.float() / 16 - mean) / std
