"""Model bundles: one file is a ready model, in this program and, as plain containers, in others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from alone import Alone

from workbench.core.errors import UserError
from workbench.core.events import BundleLoaded, ModelSaved, Progress
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import bundle, checkpoint
from workbench.engine.evaluate import evaluate
from workbench.engine.fit import fit
from workbench.engine.restore import load_model


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose network draws random numbers and keeps statistics."""
    project = small.dropping(epochs=2)
    run = small.new_run(project, tmp_path_factory.mktemp("bundle"))
    list(fit(project, run))
    return run


@pytest.fixture(scope="module")
def saved(trained: Run) -> Path:
    path = trained.folder / "digits.pt"
    told = list(bundle.save_bundle(trained.project(), trained.best, path))
    assert [type(event) for event in told] == [Progress, ModelSaved]
    assert told[-1] == ModelSaved(path=str(path))
    return path


def loaded(path: Path, project: Project) -> BundleLoaded:
    *_, event = load_model(path, project, path.with_name("into.pt"))
    assert isinstance(event, BundleLoaded)
    return event


def test_a_bundle_brings_its_own_project_weights_and_figures(trained: Run, saved: Path) -> None:
    event = loaded(saved, small.linear())  # whatever is open when it is loaded
    assert event.project == trained.project()
    ours, theirs = (checkpoint.load(path)["model"] for path in (Path(event.weights), trained.best))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    for split in ("val", "test"):
        expected = evaluate(trained, split).metrics
        assert event.metrics[split] == pytest.approx(expected, rel=1e-5)


WITHOUT_THE_PROGRAM = """
import sys
sys.modules["workbench"] = None  # now importing it raises ImportError
import json, torch
from sklearn.datasets import load_digits
held = torch.load(sys.argv[1], weights_only=True)
images = torch.from_numpy(load_digits().images).float().unsqueeze(1) / 16
mean, std = held["preparation"]["mean"], held["preparation"]["std"]
weights, inputs = held["state_dict"], (images - mean.view(-1, 1, 1)) / std.view(-1, 1, 1)
f = torch.nn.functional
x = f.conv2d(inputs, weights["conv1.weight"], weights["conv1.bias"])
x = f.batch_norm(x, *(weights[f"bn1.{name}"] for name in
                      ("running_mean", "running_var", "weight", "bias")))
x = f.linear(f.relu(x).flatten(1), weights["fc1.weight"], weights["fc1.bias"])
right = x.argmax(1) == torch.from_numpy(load_digits().target)
print(json.dumps([list(held), held["classes"], held["metrics"]["test"]["accuracy"],
                  right.float().mean().item()]))
"""


def test_torch_alone_opens_a_bundle_safely_and_can_use_all_of_it(
    saved: Path, tmp_path: Path, alone: Alone
) -> None:
    told = alone.run(WITHOUT_THE_PROGRAM, saved, folder=tmp_path)
    parts, classes, accuracy, right = json.loads(told)
    wanted = {"format", "version", "project", "state_dict", "classes", "preparation", "metrics"}
    assert set(parts) == wanted
    assert classes == [str(digit) for digit in range(10)]
    assert right == pytest.approx(accuracy, abs=0.04)  # of all digits, not of the test split alone


def test_a_bundle_that_can_not_be_saved_leaves_the_old_file(trained: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(b"old")
    with pytest.raises(UserError, match="does not fit"):
        list(bundle.save_bundle(small.cnn(), trained.best, path))
    with pytest.raises(UserError, match=r"a model bundle ends in \.pt or \.pth"):
        list(bundle.save_bundle(trained.project(), trained.best, tmp_path / "m.safetensors"))
    with pytest.raises(UserError, match="could not be written"):
        list(bundle.save_bundle(trained.project(), trained.best, path / "below.pt"))
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("m")] == ["m.pt"]


def with_project(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def changed(held: dict[str, Any]) -> None:
        project = json.loads(held["project"])
        change(project)
        held["project"] = json.dumps(project)

    return changed


def huge(project: dict[str, Any]) -> None:
    linear = {"type": "Linear", "name": "wide", "out_features": 10**9}
    project["model"]["layers"] += [linear, {**linear, "name": "wider"}]


def as_large_as_can_be(project: dict[str, Any]) -> None:
    wide = [{"type": "Linear", "name": n, "out_features": 10**6} for n in ("wide", "wider")]
    project["model"]["layers"][-1:-1] = wide


DAMAGED = "says that it is a model bundle, but its {} is missing or damaged"
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "newer": (lambda held: held.update(version=2), r"newer Torch Workbench \(bundle 2, this one"),
    "older than any": (lambda held: held.update(version=0), DAMAGED.format("project")),
    "version of text": (lambda held: held.update(version="1"), DAMAGED.format("project")),
    "version as true": (lambda held: held.update(version=True), DAMAGED.format("project")),
    "newer project": (
        with_project(lambda project: project.update(version=99)),
        r"newer Torch Workbench \(format 99",
    ),
    "no project": (lambda held: held.pop("project"), DAMAGED.format("project")),
    "project of objects": (
        lambda held: held.update(project=json.loads(held["project"])),
        DAMAGED.format("project"),
    ),
    "project is no JSON": (lambda held: held.update(project="{"), "is not valid JSON"),
    "project is a number": (lambda held: held.update(project="1"), "is not a workbench project"),
    "nested deeply": (
        lambda held: held.update(project="[" * 10_000 + "]" * 10_000),
        "is nested too deeply to be read",
    ),
    "10**9 x 10**9": (
        with_project(huge),
        r"model\.layers\[6\]\.out_features must be at most 1,000,000",
    ),
    "10**6 x 10**6": (with_project(as_large_as_can_be), r"and needs 16,\d+ GB to train; this"),
    "NaN": (
        lambda held: held.update(project=held["project"].replace('"p": 0.3', '"p": NaN')),
        "NaN is not a number here",
    ),
    "negative": (
        with_project(lambda p: p["model"]["layers"][0].update(out_channels=-4)),
        r"layers\[0\]\.out_channels",
    ),
    "text for a size": (
        with_project(lambda p: p["model"]["layers"][0].update(kernel_size="3")),
        r"layers\[0\]\.kernel_size",
    ),
    "no weights": (lambda held: held.pop("state_dict"), "holds no parameters by name"),
    "weights of another": (
        lambda held: held["state_dict"].pop("fc1.bias"),
        r"does not fit: it has no fc1\.bias \(missing: 1",
    ),
    "NaN in weights": (
        lambda held: held["state_dict"]["conv1.bias"].fill_(torch.nan),
        r"values in conv1\.bias that are not finite",
    ),
    "no preparation": (lambda held: held.pop("preparation"), DAMAGED.format("preparation")),
    "std of zero": (
        lambda held: held["preparation"]["std"].zero_(),
        DAMAGED.format("preparation"),
    ),
    "mean of text": (
        lambda held: held["preparation"].update(mean="0.5"),
        DAMAGED.format("preparation"),
    ),
    "mean of three": (
        lambda held: held["preparation"].update(mean=torch.zeros(3)),
        DAMAGED.format("preparation"),
    ),
    "no metrics": (lambda held: held.pop("metrics"), DAMAGED.format("metrics")),
    "metrics of text": (
        lambda held: held["metrics"].update(test={"accuracy": "high"}),
        DAMAGED.format("metrics"),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_bundle_with_a_wrong_part_is_one_sentence(case: str, saved: Path, tmp_path: Path) -> None:
    change, words = CHANGES[case]
    held, path = torch.load(saved, weights_only=True), tmp_path / "theirs.pt"
    change(held)
    torch.save(held, path)
    with pytest.raises(UserError, match=words) as told:
        list(load_model(path, small.linear(), tmp_path / "into.pt"))
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "into.pt").exists()


def test_names_in_any_script_come_back(trained: Run, tmp_path: Path) -> None:
    project = trained.project().replace(notes="Ζωή 网络 \U0001f9e0 \u202eabc")
    path = tmp_path / "сеть-网络.pt"
    list(bundle.save_bundle(project, trained.best, path))
    assert loaded(path, small.linear()).project == project
