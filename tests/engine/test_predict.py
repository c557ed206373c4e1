"""Predictions and their figures, against scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
import small
import torch
from sklearn import metrics
from torch import nn

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.train import LossSpec
from workbench.engine.batches import Batches
from workbench.engine.build import build
from workbench.engine.predict import Predictions, metrics_of, per_class, predict, save

CPU = torch.device("cpu")


def predicted(name: str, loss: str, outputs: int) -> tuple[Predictions, Batches]:
    """An untrained network's opinion: wrong often enough for every figure to matter."""
    batches = Batches(DatasetSpec.named(name)(val_fraction=0.5), CPU, channels_last=False)
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(outputs))
    return predict(network, batches, "val", LossSpec.named(loss)()), batches


@pytest.mark.parametrize("name", ["Digits", "Iris", "Wine", "BreastCancer"])
def test_figures_of_classes_are_those_of_scikit_learn(name: str) -> None:
    classes = len(DatasetSpec.named(name)().info().classes)
    found, batches = predicted(name, "CrossEntropyLoss", classes)
    targets, said = found.targets.numpy(), found.probabilities.argmax(1).numpy()
    figures = metrics_of(found, batches.info)
    assert figures.keys() >= {"loss", "accuracy", "precision", "recall", "f1", "roc_auc"}
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(targets, said))
    labels = list(range(classes))
    shares = found.probabilities.double()
    torch.testing.assert_close(shares.sum(1), torch.ones(len(shares)).double(), atol=1e-5, rtol=0)
    shares /= shares.sum(1, keepdim=True)  # scikit-learn wants the sum to the last digit
    loss = metrics.log_loss(targets, shares.numpy(), labels=labels)
    assert figures["loss"] == pytest.approx(loss, rel=1e-5)

    rows = per_class(found, batches.info)
    assert tuple(rows) == batches.info.classes
    confusion = metrics.confusion_matrix(targets, said, labels=labels)
    for label, row in zip(labels, rows.values(), strict=True):
        right, all_said = confusion[label, label], confusion[:, label].sum()
        assert row["support"] == confusion[label].sum()
        assert row["recall"] == pytest.approx(right / confusion[label].sum())
        assert row["precision"] == pytest.approx(right / all_said if all_said else 0.0)


def test_a_yes_or_no_is_scored_as_scikit_learn_scores_it() -> None:
    found, batches = predicted("BreastCancer", "BCEWithLogitsLoss", 1)
    targets, yes = found.targets.numpy(), found.probabilities[:, 1].double().numpy()
    figures = metrics_of(found, batches.info)
    assert figures["loss"] == pytest.approx(metrics.log_loss(targets, yes), rel=1e-5)
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(targets, yes > 0.5))


def test_figures_of_numbers_are_those_of_scikit_learn() -> None:
    found, batches = predicted("Diabetes", "MSELoss", 1)
    targets, said = found.targets.numpy(), found.probabilities.numpy()
    figures = metrics_of(found, batches.info)
    assert figures.keys() == {"loss", "mae", "rmse", "r2"}
    assert figures["loss"] == pytest.approx(metrics.mean_squared_error(targets, said), rel=1e-5)
    assert figures["mae"] == pytest.approx(metrics.mean_absolute_error(targets, said), rel=1e-5)


@pytest.mark.parametrize("loss", ["MSELoss", "BCEWithLogitsLoss"])
def test_the_mean_of_the_samples_losses_is_the_loss(loss: str) -> None:
    found, batches = predicted("Digits", loss, 10)
    spec = LossSpec.named(loss)()
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    inputs, targets = batches.taken("val", slice(None))
    whole = spec.criterion()(network(inputs), spec.prepare(targets, batches.info))
    assert metrics_of(found, batches.info)["loss"] == pytest.approx(whole.item(), rel=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_predicting_is_in_evaluation_mode_and_changes_nothing(training: bool) -> None:
    project = small.dropping()
    batches = Batches(project.data, CPU, channels_last=True)
    network = build(project.model, batches.info.shape).train(training)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    one, other = (predict(network, batches, "val", project.train.loss) for _ in range(2))
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    assert network.training is training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize(("name", "width"), [("Digits", (0, 10)), ("Diabetes", (0,))])
def test_an_empty_split_has_no_figures(name: str, width: tuple[int, ...]) -> None:
    batches = Batches(DatasetSpec.named(name)(val_fraction=0.0), CPU, channels_last=False)
    loss = LossSpec.named("MSELoss")()
    found = predict(nn.Flatten(), batches, "val", loss)
    assert tuple(found.probabilities.shape) == width
    assert metrics_of(found, batches.info) == {}


def test_predictions_on_disk_are_plain_arrays(tmp_path: Path) -> None:
    found, _ = predicted("Wine", "CrossEntropyLoss", 3)
    save(found, tmp_path / "predictions" / "val-00001.npz")
    with np.load(tmp_path / "predictions" / "val-00001.npz", allow_pickle=False) as held:
        assert set(held.files) == {"probabilities", "targets", "losses"}
        for name, values in found._asdict().items():
            assert (held[name] == values.numpy()).all()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="could not be written"):
        save(found, tmp_path / "file" / "val-00001.npz")
