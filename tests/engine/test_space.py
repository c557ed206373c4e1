"""The space of a trained model: features, boundaries and single samples, against torch and
scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from workbench.core.data import DatasetSpec
from workbench.core.events import Event, Predicted
from workbench.core.project import Project
from workbench.core.space import BoundaryFound, Embedded, FormFound
from workbench.core.template import Template
from workbench.engine import checkpoint, space
from workbench.engine.batches import Batches
from workbench.engine.build import build


def saved(project: Project, folder: Path) -> Path:
    """A checkpoint of the project's network as it is made."""
    torch.manual_seed(3)
    network = build(project.model, project.data.info().shape)
    path = folder / "weights.pt"
    checkpoint.save({"model": network.state_dict()}, path)
    return path


def project_of(name: str, template: str = "mlp") -> Project:
    return Template.shelf[template].project(DatasetSpec.named(name)())


def last(events: list[Event], kind: type) -> Event:
    return [event for event in events if isinstance(event, kind)][-1]


def test_pca_is_scikit_learns() -> None:
    vectors = torch.randn(300, 12, generator=torch.Generator().manual_seed(1)) * torch.arange(1, 13)
    points, explained = space.pca(vectors)
    wanted = PCA(2).fit(vectors.double().numpy())
    theirs = wanted.transform(vectors.double().numpy())
    signs = np.sign((theirs * points).sum(0))
    np.testing.assert_allclose(points, theirs * signs, atol=1e-8)
    np.testing.assert_allclose(explained, wanted.explained_variance_ratio_)


def test_the_embedding_is_of_what_the_last_layer_gets(tmp_path: Path) -> None:
    project = project_of("Digits", "small_cnn")
    weights = saved(project, tmp_path)
    told = last(list(space.embedding(project, weights, "val", "pca")), Embedded)
    assert isinstance(told, Embedded)
    network = build(project.model, project.data.info().shape)
    network.load_state_dict(torch.load(weights)["model"])
    network.eval()
    batches = Batches(project.data, torch.device("cpu"), channels_last=False)
    inputs = batches.taken("val", slice(None)).inputs
    with torch.inference_mode():
        before, output = network[:-1](inputs), network(inputs)
    theirs = PCA(2, svd_solver="full").fit_transform(before.double().numpy())
    signs = np.sign((theirs * told.points).sum(0))
    np.testing.assert_allclose(told.points, theirs * signs, atol=1e-4)
    np.testing.assert_array_equal(told.predicted, output.argmax(1).numpy())


def test_tsne_brings_classes_together_and_tells_of_its_parts(tmp_path: Path) -> None:
    project = project_of("Digits")
    events = list(space.embedding(project, saved(project, tmp_path), "val", "tsne"))
    laid = [event for event in events if isinstance(event, Embedded)]
    assert len(laid) == space.TSNE_PARTS
    targets = project.data.load()["val"].targets
    points = laid[-1].points
    away = ((points[:, None] - points[None]) ** 2).sum(-1)
    np.fill_diagonal(away, np.inf)
    assert (targets[away.argmin(1)] == targets).mean() > 0.7


@pytest.mark.parametrize("name", ["Moons", "Spirals"])
def test_the_boundary_is_what_the_network_says(tmp_path: Path, name: str) -> None:
    project = project_of(name)
    weights = saved(project, tmp_path)
    (told,) = space.boundary(project, weights, ((0.25, -0.5),))
    assert isinstance(told, BoundaryFound)
    network = build(project.model, (2,))
    network.load_state_dict(torch.load(weights)["model"])
    network.eval()
    train = torch.from_numpy(project.data.load()["train"].inputs)
    low, high = np.array(told.low), np.array(told.high)
    assert (low < train.min(0).values.numpy()).all()
    assert (high > train.max(0).values.numpy()).all()
    for row, column in [(0, 0), (10, 70), (95, 3)]:
        place = low + (np.array([column, row]) + 0.5) / space.GRID * (high - low)
        _agree(network, train, place, told.values[row, column])
    _agree(network, train, np.array([0.25, -0.5]), told.asked[0])


def _agree(
    network: torch.nn.Module, train: torch.Tensor, place: np.ndarray, said: np.ndarray
) -> None:
    prepared = (torch.tensor(place).float() - train.mean(0)) / train.std(0, correction=0)
    with torch.inference_mode():
        wanted = network(prepared[None]).softmax(1)[0].numpy()
    np.testing.assert_allclose(said, wanted, atol=1e-4)


def test_a_row_is_asked_for_by_ranges_and_answered_as_the_network_does(tmp_path: Path) -> None:
    project = project_of("Iris")
    (found,) = space.form(project)
    assert isinstance(found, FormFound)
    train = project.data.load()["train"].inputs
    assert [field.name for field in found.fields] == list(project.data.info().features)
    np.testing.assert_allclose([field.low for field in found.fields], train.min(0))
    np.testing.assert_allclose([field.usual for field in found.fields], np.median(train, 0))
    weights = saved(project, tmp_path)
    (told,) = space.answer(project, weights, train[5])
    assert isinstance(told, Predicted)
    assert sum(told.probabilities.values()) == pytest.approx(1.0, abs=1e-5)
    assert told.probabilities[told.predicted] == max(told.probabilities.values())


def test_other_weights_in_the_same_file_are_read(tmp_path: Path) -> None:
    project = project_of("Iris")
    weights, sample = saved(project, tmp_path), project.data.load()["train"].inputs[0]
    (first,) = space.answer(project, weights, sample)
    network = build(project.model, (4,))
    checkpoint.save({"model": network.state_dict()}, weights)
    (second,) = space.answer(project, weights, sample)
    assert first != second
