"""Linear, logistic and softmax regression come to what statistics knows to be the answer."""

from pathlib import Path

import numpy as np
import pytest
import small
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from workbench.core.data import DatasetSpec
from workbench.core.events import EpochCompleted, RunCompleted
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.engine import checkpoint
from workbench.engine.fit import fit

MOMENTUM = {"momentum": 0.9, "nesterov": True}


def trained(project: Project, folder: Path) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Weights, biases, and the training loss of every epoch."""
    run = small.new_run(project, folder)
    events = list(fit(project, run))
    weight, bias = checkpoint.load(run.last)["model"].values()
    told = [epoch.train["loss"] for epoch in small.of_kind(events, EpochCompleted)]
    return weight.double().numpy(), bias.double().numpy(), told


def standardized(name: str, **arguments: object) -> tuple[np.ndarray, np.ndarray]:
    train = DatasetSpec.named(name)(**arguments).load()["train"]
    return StandardScaler().fit_transform(train.inputs.astype(np.float64)), train.targets


def test_linear_regression_comes_to_the_least_squares_solution(tmp_path: Path) -> None:
    project = small.linear(
        batch_size="all", epochs=1500, lr=0.1, of_optimizer={"momentum": 0.95, "nesterov": True}
    )
    weight, bias, told = trained(project, tmp_path)
    inputs, targets = standardized("Diabetes")
    columns = np.c_[inputs, np.ones(len(inputs))]
    solution, *_ = np.linalg.lstsq(columns, targets.astype(np.float64), rcond=None)
    best = np.square(columns @ solution - targets).mean()
    assert told[0] > 5 * best
    assert told[-1] == pytest.approx(best, rel=1e-4)
    np.testing.assert_allclose(inputs @ weight[0] + bias, columns @ solution, atol=0.5)
    np.testing.assert_allclose(bias, targets.mean(), rtol=1e-3)


@pytest.mark.parametrize("decay", [0.01, 0.1])
def test_logistic_regression_comes_to_that_of_scikit_learn(tmp_path: Path, decay: float) -> None:
    """With a penalty, since without one these classes can be told apart ever more surely.

    liblinear penalizes the bias as torch's weight_decay does; C is the penalty's inverse, summed
    over the samples.
    """
    data = DatasetSpec.named("BreastCancer")()
    project = small.project(
        small.layer("Linear", out_features=1),
        data=data,
        batch_size="all",
        epochs=400,
        lr=0.3,
        of_optimizer={**MOMENTUM, "weight_decay": decay},
    )
    weight, bias, _ = trained(project, tmp_path)
    inputs, targets = standardized("BreastCancer")
    theirs = LogisticRegression(
        solver="liblinear", C=1 / (decay * len(targets)), tol=1e-8, max_iter=10_000
    ).fit(inputs, targets)
    np.testing.assert_allclose(weight, theirs.coef_, atol=2e-3)
    np.testing.assert_allclose(bias, theirs.intercept_, atol=2e-3)


def test_softmax_regression_comes_to_that_of_scikit_learn(tmp_path: Path) -> None:
    """The bias is left out of the comparison of weights: scikit-learn does not penalize it here."""
    decay = 0.01
    project = small.project(
        small.layer("Linear", out_features=3, bias=False),
        data="Iris",
        batch_size="all",
        epochs=600,
        lr=0.3,
        of_optimizer={**MOMENTUM, "weight_decay": decay},
    )
    run = small.new_run(project, tmp_path)
    list(fit(project, run))
    [weight] = checkpoint.load(run.last)["model"].values()
    inputs, targets = standardized("Iris")
    theirs = LogisticRegression(
        C=1 / (decay * len(targets)), fit_intercept=False, tol=1e-10, max_iter=10_000
    ).fit(inputs, targets)
    np.testing.assert_allclose(weight.numpy(), theirs.coef_, atol=2e-3)


@pytest.mark.parametrize(
    ("name", "figure", "least"),
    [("logistic_regression", "accuracy", 0.93), ("softmax_regression", "accuracy", 0.9)],
)
def test_the_ready_templates_learn(tmp_path: Path, name: str, figure: str, least: float) -> None:
    project = Template.shelf[name].project()
    events = list(fit(project, small.new_run(project, tmp_path)))
    completed = events[-1]
    assert isinstance(completed, RunCompleted)
    assert completed.test[figure] >= least


def test_the_linear_template_is_better_than_the_mean(tmp_path: Path) -> None:
    project = Template.shelf["linear_regression"].project()
    events = list(fit(project, small.new_run(project, tmp_path)))
    completed = events[-1]
    assert isinstance(completed, RunCompleted)
    test = project.data.load()["test"].targets
    assert completed.test["loss"] < 0.75 * test.var()
