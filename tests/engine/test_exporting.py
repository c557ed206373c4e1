"""Exports with their preparation inside: run outside, they predict what the run said, over the
whole test set, by each way and for each kind of data."""

import csv
import io
import json
import runpy
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from small import cnn, layer, new_run, of_kind, project
from torch import nn
from written import opened, table

from workbench.catalog.transforms.cropping import CenterCrop
from workbench.core.errors import UserError
from workbench.core.events import Event, Exported, Predicted
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.core.train import LossSpec
from workbench.engine import checkpoint
from workbench.engine.asked import predict_files
from workbench.engine.bundle import save_bundle
from workbench.engine.deployed import deployed, source
from workbench.engine.export import save_network, save_parameters
from workbench.engine.exported import onnx_file, pt2_file
from workbench.engine.exporting import export
from workbench.engine.fit import fit
from workbench.engine.parity import compared
from workbench.engine.weights import trained

WAYS = {"onnx": "model.onnx", "pt2": "model.pt2", "python": "model"}


class Trained(NamedTuple):
    """A run, the raw samples of its test split as another program would read them, the files that
    hold them, and what the run predicted."""

    run: Run
    project: Project
    raw: np.ndarray
    files: list[Path]
    predicted: np.ndarray


def told_by(run: Run) -> np.ndarray:
    """What the run said of the test split after its best epoch: what the window showed."""
    epoch = checkpoint.load(run.best)["epoch"]
    return np.load(run.predictions("test", epoch))["probabilities"]


def fitted(made: Project, folder: Path) -> Run:
    run = new_run(made, folder)
    list(fit(made, run))
    return run


def image(folder: Path) -> Trained:
    made = cnn(epochs=2)
    made = made.replace(data=made.data.replace(prepare=(CenterCrop(size=(6, 7)),)))
    run = fitted(made, folder)
    raw = made.data.unprepared.load()["test"].inputs
    assert (raw.dtype, raw.max()) == (np.uint8, 16)
    np.save(folder / "digits.npy", raw)
    return Trained(run, made, raw, [folder / "digits.npy"], told_by(run))


def passengers(rows: int = 240) -> dict[str, list[Any]]:
    """Numbers and categories with gaps in training and test, a class that follows from them, and
    a fare that does."""
    draw = np.random.default_rng(3)
    age, port = draw.uniform(1, 80, rows).round(1), draw.choice(["Cherbourg", "Cork", "Deal"], rows)
    sex, gaps = draw.choice(["female", "male"], rows), draw.uniform(size=(2, rows)) < 0.15
    lives = (sex == "female") ^ (age > 60)
    fare = 40_000 + 900 * age + 5_000 * (port == "Cork")
    return {
        "age": ["" if gap else str(value) for gap, value in zip(gaps[0], age, strict=True)],
        "port": ["NA" if gap else value for gap, value in zip(gaps[1], port, strict=True)],
        "sex": sex.tolist(),
        "part": [("train", "train", "val", "test")[row % 4] for row in range(rows)],
        "lives": np.where(lives, "yes", "no").tolist(),
        "fare": fare.round(2).tolist(),
    }


PORTS, SEXES = ("Cherbourg", "Cork", "Deal"), ("female", "male")


def of_table(folder: Path, target: str, loss: str, outputs: int, **options: Any) -> Trained:
    columns = passengers()
    path = table(folder / f"{target}.csv", columns)
    data = opened(path, target=target, features=("age", "port", "sex"), **options)
    layers = (layer("Linear", out_features=8), layer("Tanh"), layer("Linear", out_features=outputs))
    made = project(*layers, data=data, lr=0.05, batch_size=32, epochs=3)
    made = made.replace(train=made.train.replace(loss=LossSpec.named(loss)()))
    run = fitted(made, folder)
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "test"]
    raw = [
        (
            float(row["age"] or "nan"),
            PORTS.index(row["port"]) if row["port"] != "NA" else np.nan,
            SEXES.index(row["sex"]),
        )
        for row in rows
    ]
    names = ("sex", "port", "age")  # in another order, and without the target
    test = table(folder / f"{target}-test.csv", {name: [r[name] for r in rows] for name in names})
    return Trained(run, made, np.array(raw, np.float32), [test], told_by(run))


def categories(folder: Path) -> Trained:
    return of_table(folder, "lives", "BCEWithLogitsLoss", 1, missing="own column")


def regression(folder: Path) -> Trained:
    found = of_table(folder, "fare", "MSELoss", 1)
    assert found.predicted.mean() > 30_000  # in its own unit, not in standard deviations
    return found


def sequence(folder: Path) -> Trained:
    steps = np.arange(300)
    values = {"height": np.sin(steps / 7).round(4), "wind": np.cos(steps / 3).round(4)}
    path = table(folder / "tides.csv", values)
    data = opened(path, target="height", window=12)
    layers = (
        layer("LSTM", hidden_size=8, num_layers=2, bidirectional=True),
        layer("Linear", out_features=1),
    )
    made = project(*layers, data=data, lr=0.01, batch_size=32, epochs=1)
    made = made.replace(train=made.train.replace(loss=LossSpec.named("MSELoss")()))
    run = fitted(made, folder)
    series = np.column_stack(list(values.values())).astype(np.float32)
    count = made.data.info().sizes["test"]
    ends = range(300 - count, 300)  # a window ends before the row that it predicts
    raw = np.stack([series[end - 12 : end] for end in ends])
    files = []
    for number in range(count):
        columns = dict(zip(values, raw[number].T.tolist(), strict=True))
        files.append(table(folder / f"window-{number}.csv", columns))
    return Trained(run, made, raw, files, told_by(run))


KINDS = {make.__name__: make for make in (image, categories, regression, sequence)}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trained]:
    return cache(lambda kind: KINDS[kind](tmp_path_factory.mktemp(kind)))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as ours:
        ours.setenv("OMP_NUM_THREADS", "1")
        yield


def by_onnx(path: Path, given: Trained) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (name,) = (each.name for each in session.get_inputs())
    together = session.run(None, {name: given.raw})[0]
    for number in range(3):  # any size of a batch
        alone = session.run(None, {name: given.raw[number : number + 1]})[0]
        np.testing.assert_allclose(alone[0], together[number], rtol=1e-5, atol=1e-5)
    told = json.loads(session.get_modelmeta().custom_metadata_map["signature"])
    assert told["output"].get("classes", []) == list(given.project.data.info().classes)
    return together


def by_pt2(path: Path, given: Trained) -> np.ndarray:
    told = {"signature.json": ""}
    program = torch.export.load(path, extra_files=told)
    assert json.loads(told["signature.json"])["input"]["shape"][1:] == list(given.raw.shape[1:])
    return program.module()(torch.from_numpy(given.raw)).detach().numpy()


def by_python(path: Path, given: Trained) -> np.ndarray:
    """The folder moved elsewhere, asked by its command on files of raw samples."""
    there = path.rename(path.with_name("elsewhere"))
    with pytest.MonkeyPatch.context() as ours, redirect_stdout(io.StringIO()) as told:
        ours.syspath_prepend(there)
        ours.setattr(sys, "argv", ["predict.py", *map(str, given.files)])
        ours.setattr(sys, "dont_write_bytecode", True)
        ours.delitem(sys.modules, "model", raising=False)
        runpy.run_path(str(there / "predict.py"), run_name="__main__")
        ours.delitem(sys.modules, "model")
    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    if given.project.data.info().task == "regression":
        return np.array([line["predicted"] for line in lines])
    for line in lines:
        assert line["predicted"] == max(line["probabilities"], key=line["probabilities"].get)
    return np.array([list(line["probabilities"].values()) for line in lines])


READERS = {"onnx": by_onnx, "pt2": by_pt2, "python": by_python}


def last(events: Iterator[Event]) -> Event:
    *_, ended = events
    return ended


def as_packaged(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """The packaged program has no Python to start: what it exports is opened where it is, which
    takes seconds less."""
    patch.setattr(sys, "frozen", True, raising=False)
    patch.setattr(sys, "executable", str(folder / "no-python"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_an_exported_model_predicts_outside_what_the_run_said(
    given: Callable[[str], Trained],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    kind: str,
) -> None:
    if kind != "image":
        as_packaged(monkeypatch, tmp_path)
    found = given(kind)
    path = tmp_path / WAYS[way]
    ended = last(export(found.project, found.run.best, way, path))
    assert isinstance(ended, Exported)
    assert (ended.split, ended.samples, ended.equal) == ("test", len(found.raw), 1.0)
    outside = READERS[way](path, found)
    assert outside.shape == found.predicted.shape
    scale = np.ptp(found.predicted)
    np.testing.assert_allclose(outside, found.predicted, rtol=1e-6, atol=1e-5 * scale)
    if found.predicted.ndim > 1:
        np.testing.assert_array_equal(outside.argmax(1), found.predicted.argmax(1))


def tampered(found: Trained, way: str, path: Path) -> None:
    """An export in which one weight of fc1, the second layer with weights, is another one."""
    network = trained(found.project, found.run.best).eval()
    with torch.no_grad():
        network.get_submodule("fc1").weight[0, 0] += 1.0
    given = source(found.project.data)
    model = deployed(found.project, network, given.encoding)
    write = onnx_file if way == "onnx" else pt2_file
    path.write_bytes(
        write(model, given.example(), {"output": {"name": "y"}, "made_by": "", "data": ""})
    )


@pytest.mark.parametrize("way", ["onnx", "pt2"])
def test_an_export_that_predicts_otherwise_fails_by_the_first_layer_that_differs(
    given: Callable[[str], Trained], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    as_packaged(monkeypatch, tmp_path)
    found = given("image")
    tampered(found, way, tmp_path / WAYS[way])
    samples = source(found.project.data)
    model = deployed(found.project, trained(found.project, found.run.best), None)
    expected = torch.from_numpy(found.predicted)
    with pytest.raises(UserError, match=r"test samples: the layer fc1 is the first that differs"):
        last(compared(way, tmp_path / WAYS[way], model, samples, expected))


def test_where_the_preparation_differs_it_is_named(
    given: Callable[[str], Trained], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_packaged(monkeypatch, tmp_path)
    found = given("regression")
    last(export(found.project, found.run.best, "python", tmp_path / "model"))
    program = tmp_path / "model" / "predict.py"
    program.write_text(program.read_text().replace("STD = torch", "STD = 2 * torch"))
    samples = source(found.project.data)
    network = trained(found.project, found.run.best)
    model = deployed(found.project, network, samples.encoding)
    expected = torch.from_numpy(found.predicted)
    with pytest.raises(UserError, match="its preparation is the first that differs"):
        last(compared("python", tmp_path / "model", model, samples, expected))


def test_a_layer_that_onnx_has_no_form_of_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    layers = (
        layer("AdaptiveMaxPool2d", output_size=3),
        layer("Flatten"),
        layer("Linear", out_features=10),
    )
    made = project(*layers, epochs=1)
    run = fitted(made, tmp_path)
    path = tmp_path / "out" / "model.onnx"
    with pytest.raises(UserError) as refused:
        last(export(made, run.best, "onnx", path))
    assert "no form of torch's adaptive_max_pool2d" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not path.parent.exists()


def test_a_wrong_ending_is_told_before_anything_is_done(
    given: Callable[[str], Trained], tmp_path: Path
) -> None:
    found = given("image")
    with pytest.raises(UserError, match=r"ends in \.onnx"):
        next(export(found.project, found.run.best, "onnx", tmp_path / "model.pt"))


WITHOUT_ONNXRUNTIME = """
from importlib.machinery import PathFinder
found = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name == "onnxruntime" else found(name, *more)
from workbench.core.errors import UserError
from workbench.engine.export import save_network, save_parameters
from workbench.engine.exported import check_installed
try:
    check_installed()
except UserError as error:
    print(error)
"""


def test_without_the_packages_of_onnx_the_sentence_says_how_to_get_them(tmp_path: Path) -> None:
    """In a Python whose installation lacks onnxruntime."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ONNXRUNTIME], capture_output=True, text=True, check=True
    )
    assert "(onnxruntime)" in done.stdout
    assert 'pip install "torch-workbench[onnx]"' in done.stdout


def test_a_folder_is_replaced_whole_unless_it_holds_more(
    given: Callable[[str], Trained], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_packaged(monkeypatch, tmp_path)
    found = given("regression")
    path = tmp_path / "model"
    path.mkdir()
    (path / "predict.py").write_text("old")
    last(export(found.project, found.run.best, "python", path))
    assert (path / "predict.py").read_text() != "old"
    names = {"model.py", "predict.py", "signature.json", "weights.pt"}
    assert {each.name for each in path.iterdir()} == names
    (path / "notes.txt").write_text("mine")
    before = (path / "predict.py").stat().st_mtime_ns
    with pytest.raises(UserError, match="holds more"):
        last(export(found.project, found.run.best, "python", path))
    assert (path / "predict.py").stat().st_mtime_ns == before
    assert [each.name for each in tmp_path.iterdir()] == ["model"]


def saved_by(way: str, found: Trained, path: Path) -> nn.Module:
    """What a program without this one makes of a saved model."""
    network = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 4, 3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            flatten1=nn.Flatten(),
            fc1=nn.Linear(36, 10),
        )
    )
    if way == "bundle":
        list(save_bundle(found.project, found.run.best, path))
        network.load_state_dict(torch.load(path, weights_only=True)["state_dict"])
    elif way == "whole":
        list(save_network(found.project, found.run.best, path))
        network = torch.load(path, weights_only=False)
    else:
        list(save_parameters(found.run.best, path))
        safe = way == "safetensors"
        network.load_state_dict(load_file(path) if safe else torch.load(path, weights_only=True))
    return network.eval()


SAVED = {"bundle": "m.pt", "state_dict": "m.pt", "safetensors": "m.safetensors", "whole": "m.pt"}


@pytest.mark.parametrize("way", SAVED)
def test_a_saved_model_predicts_outside_what_the_run_said(
    given: Callable[[str], Trained], tmp_path: Path, way: str
) -> None:
    """The preparation by hand: it is in none of these but the bundle."""
    found = given("image")
    network = saved_by(way, found, tmp_path / SAVED[way])
    cut = torch.from_numpy(found.project.data.unprepared.load()["train"].inputs)[:, :, 1:7, 0:7]
    cut = cut.double() / 16
    mean, std = cut.mean().float(), cut.std(correction=0).float()
    raw = torch.from_numpy(found.raw)[:, :, 1:7, 0:7].float() / 16
    with torch.inference_mode():
        outside = network((raw - mean) / std).softmax(1).numpy()
    np.testing.assert_allclose(outside, found.predicted, atol=1e-5)
    np.testing.assert_array_equal(outside.argmax(1), found.predicted.argmax(1))


def test_pictures_of_any_size_are_read_as_the_run_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(0)
    for part in ("train", "val", "test"):
        for label in ("cat", "dog"):
            folder = tmp_path / "pictures" / part / label
            folder.mkdir(parents=True)
            for number in range(4):
                pixels = draw.integers(0, 255, (20 + number, 30, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    data = opened(tmp_path / "pictures", fit="pad", size=(16, 18))
    made = project(layer("Flatten"), layer("Linear", out_features=2), data=data, epochs=1)
    run = fitted(made, tmp_path)
    files = sorted((tmp_path / "pictures" / "test").rglob("*.png"))
    found = Trained(run, made, np.empty(0), files, told_by(run))
    as_packaged(monkeypatch, tmp_path)
    last(export(made, run.best, "python", tmp_path / "model"))
    asked = list(predict_files(made, run.best, files))
    here = np.array([list(each.probabilities.values()) for each in of_kind(asked, Predicted)])
    for outside in (by_python(tmp_path / "model", found), here):
        np.testing.assert_allclose(outside, found.predicted, atol=1e-6)
