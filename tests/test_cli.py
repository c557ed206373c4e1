"""The command line, as a person or a script meets it.

What ends, hangs on a signal or must not import is tested in processes of their own; the rest here,
where torch is loaded already.
"""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from torch import nn

import workbench
from tests.written import people, table
from workbench.__main__ import main
from workbench.catalog.datasets.scikit import Digits
from workbench.cli import loading, run
from workbench.cli.assignments import separated, with_options
from workbench.cli.names import named
from workbench.core.errors import UserError
from workbench.core.project import Project, load_project
from workbench.core.template import Template
from workbench.engine import batches

CHECKOUT = Path(workbench.__file__).parents[1]
WORKBENCH = (sys.executable, "-m", "workbench")


def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
    # Threads of OpenMP that spin while they wait make training many times slower where anything
    # else runs on the same cores, as it may beside a test.
    waiting = {"OMP_WAIT_POLICY": "passive"}
    return {**os.environ, **waiting, "WORKBENCH_HOME": str(home), "PYTHONPATH": path}


def called(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What a command prints and how it ends, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    words = ["workbench", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as ours, redirect_stdout(out), redirect_stderr(err):
        ours.setenv("WORKBENCH_HOME", str(home))
        ours.setattr(sys, "argv", words)
        code = main()
    return subprocess.CompletedProcess(words, code, read(out), read(err))


def read(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def called_alone(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    return subprocess.run(
        [*WORKBENCH, *map(str, arguments)],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=100,
    )


def started(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*WORKBENCH, *arguments],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(home: Path, *arguments: object) -> Any:
    """What a command that succeeds prints as JSON."""
    done = called(home, *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def made(home: Path, template: str, data: str | None = None) -> Path:
    path = home / f"{template}-{data}.workbench"
    chosen = ("--data", data) if data else ()
    done = called(home, "new", "--template", template, *chosen, "-o", path)
    assert (done.returncode, done.stderr) == (0, "")
    return path


class Trained(NamedTuple):
    home: Path
    file: Path
    folder: Path
    events: list[dict[str, Any]]


def trained(home: Path, template: str, data: str, *options: object) -> Trained:
    """A run of `train --json` with all that it printed; every line must be an event."""
    file = made(home, template, data)
    done = called_alone(home, "train", file, "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return Trained(home, file, home / "runs" / events[0]["run"], events)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained(tmp_path_factory.mktemp("digits"), "small-cnn", "digits")


class TestTrain:
    def test_small_cnn_reads_digits(self, digits: Trained) -> None:
        assert digits.events[-1]["reason"] == "completed"
        assert digits.events[-1]["test"]["accuracy"] >= 0.97

    def test_small_cnn_tells_clothes_apart(self, tmp_path: Path) -> None:
        clothes = trained(tmp_path, "SmallCNN", "fashion_mnist_small", "--epochs", 7)
        assert clothes.events[-1]["test"]["accuracy"] >= 0.85

    def test_json_is_what_the_run_keeps(self, digits: Trained) -> None:
        kept = (digits.folder / "events.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line) for line in kept] == digits.events
        steps = [event["step"] for event in digits.events if event["event"] == "StepCompleted"]
        assert steps == list(range(1, digits.events[-1]["step"] + 1))
        assert (digits.folder / "checkpoints" / "last.pt").is_file()
        assert list((digits.folder / "tensorboard").iterdir())

    def test_lines_without_a_terminal_and_without_qt(self, tmp_path: Path) -> None:
        """The very words of `python -m workbench`, where the window's packages can't be found."""
        file = made(tmp_path, "softmax_regression")
        blocked = (
            "import runpy, sys\n"
            "class Blocker:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.split('.')[0] in ('PySide6', 'shiboken6', 'pyqtgraph'):\n"
            "            raise ModuleNotFoundError(name)\n"
            "sys.meta_path.insert(0, Blocker())\n"
            "runpy.run_module('workbench', run_name='__main__')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", blocked, "train", str(file), "--epochs", "3"],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert (done.returncode, done.stderr) == (0, "")
        *epochs, steps, test, folder = done.stdout.splitlines()
        assert re.fullmatch(r"steps .*\d threads?\. The run is short: .*", steps)
        assert [line.split(" · ")[0] for line in epochs] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
        assert re.search(r"loss [\d.]+ · accuracy [\d.]+ .* samples/s · 0\.\d s left$", epochs[-1])
        figures = (r"\w+ [\d.]+",) * 4  # precision, recall, f1 and roc_auc
        assert re.fullmatch(" · ".join((r"test  loss [\d.]+ · accuracy [\d.]+", *figures)), test)
        assert (Path(folder.removeprefix("run").strip()) / "checkpoints" / "best.pt").is_file()

    def test_a_bar_on_a_terminal_then_mae_of_regression(self, tmp_path: Path) -> None:
        file = made(tmp_path, "linear_regression")
        terminal, theirs = pty.openpty()
        with subprocess.Popen(
            [*WORKBENCH, "train", str(file)],
            env={**environment(tmp_path), "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        ) as process:
            os.close(theirs)
            drawn = "".join(read_all(terminal))
            outcome = process.stdout.read() if process.stdout else ""
        assert process.returncode == 0
        assert drawn.count("\n") == 1, "the bar must stay on its line"
        last = drawn.split("\r")[-2].strip()
        assert last.startswith("epoch 60/60 [####################] 100% · loss ")
        assert re.search(r"mae .* samples/s · 0\.\d s left$", last)
        _, test, folder = outcome.splitlines()
        figures = told(tmp_path, "evaluate", folder.removeprefix("run").strip())
        known = f"test  loss {figures['loss']:,.1f} · mae {figures['mae']:.4f} · rmse "
        assert test.startswith(known)
        assert "accuracy" not in figures

    def test_loading_says_how_long_it_takes_yet(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data, file = table(tmp_path / "people.csv", people(20_000)), tmp_path / "p.workbench"
        called(tmp_path, "new", "--data", data, "-o", file)
        batches.forget()
        assert called(tmp_path, "train", file, "--epochs", 1).stderr == "", "it takes no time"
        batches.forget()
        monkeypatch.setattr(loading, "LINE_SECONDS", 0.0)
        *told, last = called(tmp_path, "train", file, "--epochs", 1).stderr.splitlines()
        assert len(told) >= 2
        for line in (*told, last):
            assert re.fullmatch(r"Reading people.csv \[#*\.*\] \d+% · \d+\.\d s left", line)
        assert last.endswith("[####################] 100% · 0.0 s left")


def read_all(terminal: int) -> Iterator[str]:
    try:
        while chunk := os.read(terminal, 65536):
            yield chunk.decode()
    except OSError:  # Linux says so when the other end is closed
        return
    finally:
        os.close(terminal)


class TestInterrupted:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_training_stops_after_its_step_and_keeps_a_checkpoint(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        file = made(tmp_path, "mlp", "digits")
        options = ("--epochs", "100000", "--runs-dir", str(tmp_path / "elsewhere"), "--json")
        with started(tmp_path, "train", str(file), *options) as process:
            assert process.stdout
            seen = next(line for line in process.stdout if '"EpochCompleted"' in line)
            process.send_signal(number)
            rest, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (130, "")
        ending = json.loads(rest.splitlines()[-1])
        assert (ending["event"], ending["reason"]) == ("RunCompleted", "stopped")
        (folder,) = (tmp_path / "elsewhere").iterdir()
        state = torch.load(folder / "checkpoints" / "last.pt", weights_only=True)
        assert state["step"] >= ending["step"] >= json.loads(seen)["step"]
        assert told(tmp_path, "info", folder)["run"]["status"] == "stopped"

    def test_while_torch_is_being_imported(self, tmp_path: Path) -> None:
        file = made(tmp_path, "mlp", "digits")
        watched = [sys.executable, "-X", "importtime", *WORKBENCH[1:], "train", str(file)]
        with subprocess.Popen(
            watched, env=environment(tmp_path), stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            next(line for line in process.stderr if line.rstrip().endswith("torch._C"))
            process.send_signal(signal.SIGTERM)
            assert "Traceback" not in process.stderr.read()
        assert process.returncode == 130
        assert not (tmp_path / "runs").exists()

    def test_a_reader_that_goes_away_stops_training_quietly(self, tmp_path: Path) -> None:
        file = made(tmp_path, "mlp", "digits")
        with started(tmp_path, "train", str(file), "--epochs", "100000", "--json") as process:
            assert process.stdout
            assert process.stderr
            name = json.loads(process.stdout.readline())["run"]
            process.stdout.close()
            assert process.stderr.read() == ""
        assert process.returncode == 1
        kept = tmp_path / "runs" / name / "checkpoints" / "last.pt"
        assert torch.load(kept, weights_only=True)["step"] >= 1

    def test_a_list_that_nobody_reads_is_no_fault(self, tmp_path: Path) -> None:
        with started(tmp_path, "layers") as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert process.stderr.read() == ""
        assert process.returncode == 1


class TestEvaluate:
    def test_figures_are_those_of_plain_torch_and_scikit_learn(self, digits: Trained) -> None:
        done = called_alone(digits.home, "evaluate", digits.folder, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        figures = json.loads(done.stdout)
        logits, targets = by_hand(digits.folder / "checkpoints" / "best.pt")
        chosen = logits.argmax(1).numpy()
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(targets)).item()
        assert figures["accuracy"] == pytest.approx(accuracy_score(targets, chosen))
        assert figures["loss"] == pytest.approx(loss, rel=1e-4)
        rows = np.array(precision_recall_fscore_support(targets, chosen)).T
        names = ("precision", "recall", "f1", "support")
        ours = [[row[name] for name in names] for row in figures["per_class"].values()]
        assert list(figures["per_class"]) == list("0123456789")
        np.testing.assert_allclose(ours, rows)
        ending = digits.events[-1]["test"]
        assert {name: figures[name] for name in ending} == pytest.approx(ending)

    def test_the_last_checkpoint_where_there_is_no_best(
        self, digits: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        copy = tmp_path / "0001-Digits"
        (copy / "checkpoints").mkdir(parents=True)
        for name in ("project.json", "checkpoints/last.pt"):
            (copy / name).write_bytes((digits.folder / name).read_bytes())
        assert run(["evaluate", str(copy), "--split", "val"]) == 0
        first, *table = capsys.readouterr().out.splitlines()
        epoch = [event for event in digits.events if event["event"] == "EpochCompleted"][-1]
        figures = " · ".join(f"{name} {value:.4f}" for name, value in epoch["val"].items())
        where = f"(162 samples, last checkpoint, epoch {epoch['epoch']})"
        assert first == f"val  {figures}  {where}"
        assert len(table) == 2 + 10


def by_hand(checkpoint: Path) -> tuple[torch.Tensor, np.ndarray]:
    """Logits and targets of the test split, with neither our network nor our batches."""
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    weights = torch.load(checkpoint, weights_only=True)["model"]
    network.load_state_dict(dict(zip(network.state_dict(), weights.values(), strict=True)))
    splits = Digits().load()
    train, test = (splits[name].inputs.astype(np.float64) / 16 for name in ("train", "test"))
    inputs = torch.from_numpy((test - train.mean()) / train.std()).float()
    with torch.no_grad():
        return network.eval()(inputs), splits["test"].targets


class TestInfo:
    def test_of_a_project(self, digits: Trained) -> None:
        content = told(digits.home, "info", digits.file)
        network = {layer["name"]: layer for layer in content["layers"]}
        assert network["conv2"]["out_shape"] == [32, 4, 4]
        assert network["conv2"]["parameters"] == 32 * 16 * 3 * 3 + 32
        assert content["parameters"] == digits.events[0]["parameters"]
        assert content["data"]["sizes"]["train"] == digits.events[0]["samples"]
        assert content["train"]["lr"] == digits.events[1]["lr"]
        assert content["run"] is None

    def test_of_a_run(self, digits: Trained) -> None:
        history = told(digits.home, "info", digits.folder)["run"]
        epochs = [event for event in digits.events if event["event"] == "EpochCompleted"]
        best = min(epochs, key=lambda epoch: epoch["val"]["loss"])
        assert history["status"] == "completed"
        assert history["epoch"] == history["epochs"] == len(epochs)
        assert (history["best"]["epoch"], history["best"]["metrics"]) == (
            best["epoch"],
            best["val"],
        )
        assert history["test"] == digits.events[-1]["test"]

    def test_as_text(self, digits: Trained) -> None:
        text = called(digits.home, "info", digits.folder).stdout
        assert re.search(
            r"^fc1 +Linear +128 outputs +128 +16,512 +16,384 +.*B$", text, re.MULTILINE
        )
        assert re.search(r"^run +completed, 24 of 24 epochs$", text, re.MULTILINE)
        total = next(line for line in text.splitlines() if line.startswith("total"))
        assert f"{digits.events[0]['parameters']:,}" in total

    def test_a_fault_stands_at_its_layer(self, tmp_path: Path) -> None:
        file = changed(made(tmp_path, "mlp", "digits"), lambda content: layers(content).pop(0))
        assert "needs a flat vector" in told(tmp_path, "info", file)["layers"][0]["fault"]


def layers(content: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content["model"]["layers"]
    return found


def changed(file: Path, change: Any) -> Path:
    content = json.loads(file.read_text("utf-8"))
    change(content)
    file.write_text(json.dumps(content), "utf-8")
    return file


class TestCheck:
    def test_a_template_has_nothing_amiss(self, tmp_path: Path) -> None:
        done = called(tmp_path, "check", made(tmp_path, "mlp", "digits"))
        assert (done.returncode, done.stdout) == (0, "Nothing is amiss.\n")

    def test_a_warning_is_told_with_its_fix_and_is_no_failure(self, tmp_path: Path) -> None:
        file = made(tmp_path, "mlp", "digits")
        file = changed(file, lambda content: content["train"].update(lr=0.5))
        done = called(tmp_path, "check", file)
        assert done.returncode == 0
        first, fix, counts = done.stdout.splitlines()
        assert first.startswith("warning  lr=0.5 is far above the usual for Adam")
        assert (fix.strip(), counts) == ("fix: set lr=0.001", "1 warning")

    def test_a_problem_is_a_failure_and_json_says_where(self, tmp_path: Path) -> None:
        file = changed(made(tmp_path, "mlp", "digits"), lambda content: layers(content).pop(0))
        done = called(tmp_path, "check", file, "--json")
        assert done.returncode == 1
        (finding,) = json.loads(done.stdout)
        assert finding["rule"] == "LayerTakesItsInput"
        assert (finding["severity"], finding["place"]) == ("problem", [0])
        assert finding["fixes"][0] == "insert Flatten"


class TestOwnFiles:
    """`new --data PATH`: what lies there is found, and the network fitted to it."""

    def test_a_table_is_trained_on(self, tmp_path: Path) -> None:
        data = table(tmp_path / "people.csv", people())
        file = tmp_path / "p.workbench"
        done = called(tmp_path, "new", "--data", data, "--target", "fare", "-o", file)
        assert (done.returncode, done.stderr) == (0, "")
        found = told(tmp_path, "info", file)
        assert found["data"]["target"] == "fare"
        assert (found["data"]["task"], found["layers"][-1]["out_features"]) == ("regression", 1)
        done = called(tmp_path, "train", file, "--epochs", 1, "--set", "data.missing=own column")
        assert (done.returncode, done.stderr) == (0, "")
        assert "val mae" in done.stdout
        table(data, people(130))
        done = called(tmp_path, "train", file, "--epochs", 1)
        assert done.returncode == 1
        assert "people.csv has changed since it was chosen" in done.stderr

    def test_fields_of_the_data_shape_the_network(self, tmp_path: Path) -> None:
        data = table(tmp_path / "wave.csv", {"a": [n * 7 % 11 / 2 for n in range(90)]})
        file = tmp_path / "w.workbench"
        done = called(tmp_path, "new", "--data", data, "--set", "data.window=12", "-o", file)
        assert (done.returncode, done.stderr) == (0, "")
        assert told(tmp_path, "info", file)["data"]["shape"] == [12, 1]
        done = called(
            tmp_path, "new", "--data", "moons", "--set", "data.samples=50", "-o", file, "--force"
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert sum(told(tmp_path, "info", file)["data"]["sizes"].values()) == 50

    def test_a_name_is_no_path_and_a_path_no_name(self, tmp_path: Path) -> None:
        table(tmp_path / "iris", {"a": [1.5, 2.5] * 20, "y": [0, 1] * 20}).rename(
            tmp_path / "iris.csv"
        )
        for given, title in (("iris", "Iris"), (tmp_path / "iris.csv", "iris.csv")):
            file = tmp_path / f"{title}.workbench"
            assert called(tmp_path, "new", "--data", given, "-o", file).returncode == 0
            assert told(tmp_path, "info", file)["data"]["title"] == title

    @pytest.mark.parametrize(
        ("words", "parts"),
        [
            ("--data {}/gone.csv", ["gone.csv is not there"]),
            ("--data {}/p.csv --target agee", ["no column 'agee'", "id, name, age"]),
            ("--data {}/p.csv --template small_cnn", ["needs images", "p.csv", "mlp"]),
            ("--data {}/p.csv --set data.colour=1", ["which has no colour"]),
            ("--data {}/p.csv --set window", ["not of the form data.FIELD=VALUE"]),
            ("--data {}/p.bin", ["nothing that can be opened", "tables (CSV", "arrays (NumPy"]),
            ("", ["--template NAME", "--data NAME|PATH"]),
        ],
    )
    def test_mistakes_are_one_line(self, tmp_path: Path, words: str, parts: list[str]) -> None:
        table(tmp_path / "p.csv", people())
        (tmp_path / "p.bin").write_bytes(b"no data")
        file = tmp_path / "o.workbench"
        done = called(tmp_path, "new", *words.format(tmp_path).split(), "-o", file)
        assert done.returncode != 0
        assert done.stdout == ""
        [line] = done.stderr.splitlines()
        assert all(part in line for part in parts), line
        assert not file.exists()


class TestLists:
    @pytest.mark.parametrize(
        ("command", "some"),
        [
            ("templates", {"linear_regression", "softmax_regression", "small_cnn"}),
            ("datasets", {"FashionMNISTSmall", "Digits", "Diabetes", "CIFAR10"}),
            ("layers", {"Conv2d", "LogSoftmax", "Linear", "BatchNorm2d"}),
        ],
    )
    def test_names_as_json_and_as_text(self, tmp_path: Path, command: str, some: set[str]) -> None:
        names = [row["name"] for row in told(tmp_path, command)]
        assert some < set(names)
        _, *lines = called(tmp_path, command).stdout.splitlines()
        assert [line.split()[0] for line in lines] == names

    def test_torch_and_qt_are_left_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "p.workbench"
        script = (
            "import sys\n"
            "from workbench.cli import run\n"
            "for words in sys.argv[1:]:\n"
            "    assert run(words.split()) == 0\n"
            "heavy = {'torch', 'torchvision', 'numpy', 'sklearn', 'PySide6', 'pyqtgraph'}\n"
            "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        )
        words = [
            f"new --template mlp -o {file}",
            f"info {file}",
            f"check {file}",
            "templates",
            "datasets",
            "layers",
        ]
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_version_and_help(self, tmp_path: Path) -> None:
        version = called_alone(tmp_path, "--version")
        assert (version.returncode, version.stdout) == (0, f"workbench {workbench.__version__}\n")
        shown = called_alone(tmp_path, "--help")
        assert shown.returncode == 0
        assert "workbench [FILE]" in shown.stdout
        assert called_alone(tmp_path, "train", "--help").stdout.startswith("usage: workbench train")


def broken(home: Path, kind: str) -> Path:
    """A project file with something wrong in it."""
    file = made(home, "mlp", "digits")
    if kind == "cut":
        file.write_text(file.read_text("utf-8")[:200], "utf-8")
    elif kind == "newer":
        changed(file, lambda content: content.update(version=99))
    elif kind == "key":
        changed(file, lambda content: layers(content)[1].update(colour="red"))
    elif kind == "shape":
        changed(file, lambda content: layers(content).pop(0))
    return file


class TestMistakes:
    @pytest.mark.parametrize(
        ("kind", "options", "words"),
        [
            ("cut", "", ["is not valid JSON", "mlp-digits.workbench"]),
            ("newer", "", ["newer Torch Workbench", "99"]),
            ("key", "", ["model.layers[1].colour", "not a known key"]),
            ("shape", "", ["Linear fc1", "1 × 8 × 8", "flat vector"]),
            ("sound", "--set train.lrr=1", ["train", "'lrr'", "did you mean lr?", "batch_size"]),
            ("sound", "--set train.lr=-1", ["train.lr must be above 0."]),
            ("sound", "--set train.lr", ["PATH=VALUE"]),
            ("sound", "--epochs many", ["--epochs", "'many'"]),
            ("sound", "--speed 3", ["--speed"]),
        ],
    )
    def test_of_training(self, tmp_path: Path, kind: str, options: str, words: list[str]) -> None:
        file = broken(tmp_path, kind)
        one_line(called(tmp_path, "train", file, *options.split()), words)
        assert not (tmp_path / "runs").exists(), "a mistake must leave no run behind"

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ("--device cuda:99", ["cuda:99", "it has cpu"]),
            ("--runs-dir {file}/runs", ["mlp-digits.workbench/runs", "runs folder"]),
            ("--set data.type=mnist", ["MNIST is not in", "datasets"]),
        ],
    )
    def test_that_the_engine_finds(
        self, home: Path, capsys: pytest.CaptureFixture[str], options: str, words: list[str]
    ) -> None:
        """In this process, which has torch already."""
        file = made(home, "mlp", "digits")
        code = run(["train", str(file), *options.format(file=file).split()])
        one_line(subprocess.CompletedProcess([], code, *capsys.readouterr()), words)
        assert not (home / "runs").exists(), "a mistake must leave no run behind"

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ("train nowhere.workbench", ["nowhere.workbench", "No such file"]),
            ("info nowhere.workbench", ["nowhere.workbench", "No such file"]),
            ("info {home}", ["not a run folder"]),
            ("check nowhere.workbench", ["nowhere.workbench", "No such file"]),
            ("evaluate {home}/nowhere", ["nowhere", "not a run folder"]),
            ("evaluate {home} --split all", ["--split", "'all'", "val"]),
            ("new --template smal_cnn -o x", ["'smal_cnn'", "did you mean small_cnn?", "mlp"]),
            ("new --template mlp --data xyz -o x", ["dataset 'xyz'", "Digits", "MNIST"]),
            ("new --template small_cnn --data iris -o x", ["needs images", "Iris", "mlp"]),
            ("new --template mlp", ["--output"]),
            ("--json", ["COMMAND"]),
        ],
    )
    def test_of_other_commands(self, tmp_path: Path, arguments: str, words: list[str]) -> None:
        one_line(called(tmp_path, *arguments.format(home=tmp_path).split()), words)
        assert list(tmp_path.iterdir()) == []

    def test_a_loss_that_runs_away_ends_the_run_with_a_sentence(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = made(home, "linear_regression")
        assert run(["train", str(file), "--set", "train.lr=999", "--json"]) == 1
        out, err = capsys.readouterr()
        assert "Lower lr" in err
        assert len(err.splitlines()) == 1
        ending = json.loads(out.splitlines()[-1])
        assert (ending["event"], ending["reason"]) == ("RunCompleted", "failed")

    def test_new_does_not_replace_work(self, tmp_path: Path) -> None:
        file = made(tmp_path, "mlp", "digits")
        before = file.read_bytes()
        again = ("new", "--template", "softmax-regression", "-o", file)
        one_line(called(tmp_path, *again), ["exists already", "--force"])
        assert file.read_bytes() == before
        assert called(tmp_path, *again, "--force").returncode == 0
        assert load_project(file).data.kind == "Iris"


def one_line(done: subprocess.CompletedProcess[str], words: list[str]) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


class TestSet:
    @pytest.mark.parametrize(
        ("assignment", "path", "expected"),
        [
            ("train.lr=0.01", "train.lr", 0.01),
            ("train.lr=1", "train.lr", 1),
            ("train.batch_size=all", "train.batch_size", "all"),
            ("model.layers[0].out_channels=7", "model.layers.0.out_channels", 7),
            ("model.layers.3.kernel_size=[3,5]", "model.layers.3.kernel_size", [3, 5]),
            ("train.loss.type=mse-loss", "train.loss.type", "MSELoss"),
            ("train.loss=mseloss", "train.loss.type", "MSELoss"),
            ("notes=first try", "notes", "first try"),
        ],
    )
    def test_a_path_leads_to_its_value(self, assignment: str, path: str, expected: object) -> None:
        found: Any = json.loads(assigned(assignment).to_json())
        for key in path.split("."):
            found = found[int(key) if key.isdecimal() else key]
        assert found == expected

    def test_another_type_brings_its_own_defaults(self) -> None:
        decay = assigned("train.optimizer.type=adamw").train.optimizer.model_dump()["weight_decay"]
        assert decay == 0.01
        both = assigned("data.val_fraction=0.2", "data.type=mnist").data
        assert (both.kind, both.val_fraction) == ("MNIST", 0.2)
        sgd = assigned("train.optimizer.type=SGD", "train.optimizer.momentum=0.9")
        assert sgd.train.optimizer.model_dump()["momentum"] == 0.9

    @pytest.mark.parametrize(
        ("assignment", "words"),
        [
            ("model.layers[99].bias=1", ["model.layers[99]", "holds 10"]),
            ("model.layers.x=1", ["model.layers[x]"]),
            ("train.lr.deep=1", ["train.lr is a single value"]),
            ("trian.lr=1", ["'trian'", "did you mean train?"]),
            ("train.loss=huber", ["loss 'huber'", "MSELoss"]),
            ("train.lr=NaN", ["train.lr", "number"]),
            ("version=2", ["version"]),
            ("=1", ["PATH=VALUE"]),
        ],
    )
    def test_a_wrong_one_is_told(self, assignment: str, words: list[str]) -> None:
        with pytest.raises(UserError) as caught:
            assigned(assignment)
        for word in words:
            assert word in str(caught.value)

    def test_several_may_follow_one_set(self) -> None:
        typed = ["train", "--set", "train.lr=1", "data.normalize=false", "f=.workbench/x"]
        assert separated(typed[:4]) == [*typed[:3], "--set", typed[3]]
        assert separated([*typed[:3], "f.workbench"]) == [*typed[:3], "f.workbench"]
        assert separated(["train", "--set", "a=1", "--json", "b=2"])[-2:] == ["--json", "b=2"]


def assigned(*assignments: str) -> Project:
    project = Template.shelf["small_cnn"].project()
    return with_options(project, Namespace(set=list(assignments), epochs=None, device=None))


@pytest.mark.parametrize("typed", ["small_cnn", "small-cnn", "SmallCNN", "SMALL CNN"])
def test_names_are_forgiven(typed: str) -> None:
    assert named(typed, {"mlp": 1, "small_cnn": 2}, "There is no template") == 2


class TestDataCheck:
    def test_a_project_and_what_is_told_of_its_data(self, tmp_path: Path) -> None:
        file = made(tmp_path, "softmax_regression", "iris")
        content = told(tmp_path, "data", "check", file)
        assert (content["title"], content["samples"]) == ("Iris", 150)
        (finding,) = content["findings"]
        assert (finding["severity"], finding["kind"]) == ("note", "duplicate")
        text = called(tmp_path, "data", "check", file)
        assert text.returncode == 0
        assert finding["message"] in text.stdout
        assert finding["where"][0] in text.stdout

    def test_what_is_worth_a_warning_is_told_by_the_exit_code(self, tmp_path: Path) -> None:
        file = made(tmp_path, "mlp", "wine")
        content = json.loads(file.read_text("utf-8"))
        content["data"]["normalize"] = False  # proline is around 750
        file.write_text(json.dumps(content), "utf-8")
        done = called(tmp_path, "data", "check", file, "--json")
        assert done.returncode == 1
        (finding,) = json.loads(done.stdout)["findings"]
        assert (finding["kind"], finding["fix"]) == ("scale", "Normalize")

    def test_what_can_not_be_opened_is_told(self, tmp_path: Path) -> None:
        done = called(tmp_path, "data", "check", tmp_path / "gone")
        assert done.returncode == 1
        assert str(tmp_path / "gone") in done.stderr
        assert done.stderr.count("\n") == 1
