"""Metrics against scikit-learn's, over predictions of every kind."""

from pathlib import Path

import numpy as np
import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from workbench.core.events import EpochCompleted, RunCompleted
from workbench.engine.evaluate import evaluate
from workbench.engine.fit import fit
from workbench.engine.metrics import of_classes, of_values

DRAWN = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@DRAWN
@given(st.integers(2, 9), st.integers(1, 60), st.integers(0, 10_000), st.booleans())
def test_figures_of_classes_are_those_of_scikit_learn(
    classes: int, samples: int, seed: int, ties: bool
) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(samples, classes))
    scores = scores.round() if ties else scores  # equal scores share their ranks
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    targets = generator.integers(0, classes, samples)
    found = of_classes(probabilities, targets)
    predicted = probabilities.argmax(1)
    precision, recall, f1, _ = theirs.precision_recall_fscore_support(
        targets, predicted, average="macro", zero_division=0.0
    )
    wanted = {"precision": precision, "recall": recall, "f1": f1}
    if classes > 5 and not ties:
        labels = list(range(classes))
        wanted["top5"] = theirs.top_k_accuracy_score(targets, probabilities, k=5, labels=labels)
    if len(set(targets.tolist())) == classes:
        given_scores = probabilities[:, 1] if classes == 2 else probabilities
        wanted["roc_auc"] = theirs.roc_auc_score(targets, given_scores, multi_class="ovr")
    found = {name: value for name, value in found.items() if not (ties and name == "top5")}
    assert found == pytest.approx(wanted, abs=1e-12)


@DRAWN
@given(st.integers(1, 60), st.integers(0, 10_000))
def test_figures_of_values_are_those_of_scikit_learn(samples: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    targets = generator.normal(100.0, 20.0, samples).astype(np.float32)
    predicted = (targets + generator.normal(0.0, 5.0, samples)).astype(np.float32)
    found = of_values(predicted, targets)
    exact = targets.astype(np.float64), predicted.astype(np.float64)
    wanted = {"rmse": theirs.root_mean_squared_error(*exact)}
    if samples > 1:
        wanted["r2"] = theirs.r2_score(*exact)
    assert found == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("Digits", {"loss", "accuracy", "precision", "recall", "f1", "top5", "roc_auc"}),
        ("Diabetes", {"loss", "mae", "rmse", "r2"}),
    ],
)
def test_every_epoch_and_the_end_tell_them(tmp_path: Path, data: str, names: set[str]) -> None:
    project = small.cnn(epochs=2) if data == "Digits" else small.linear()
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    for epoch in small.of_kind(events, EpochCompleted):
        assert set(epoch.val) == names
    ended = events[-1]
    assert isinstance(ended, RunCompleted)
    assert evaluate(run, "test").metrics == ended.test
    assert set(ended.test) == names
