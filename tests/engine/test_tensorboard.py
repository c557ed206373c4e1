"""What TensorBoard reads in the files of a run, against what the run said and scikit-learn."""

import io
import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import small
import torch
from google.protobuf import text_format
from PIL import Image
from sklearn.metrics import precision_recall_curve
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.util import tensor_util
from torch import nn

from workbench.core.data import DatasetSpec
from workbench.core.events import EpochCompleted, Event, PredictionsSaved, WriteFailed
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint
from workbench.engine.batches import loaded
from workbench.engine.build import build
from workbench.engine.fit import fit
from workbench.engine.sinks import train
from workbench.engine.tensorboard import gallery
from workbench.engine.tensorboard.figure import most_wrong
from workbench.engine.tensorboard.graph import _traced
from workbench.engine.tensorboard.pictures import small as small_images

ALL = {"images": 0, "histograms": 0, "tensors": 0, "scalars": 0}


def logged(run: Run) -> EventAccumulator:
    found = EventAccumulator(str(run.tensorboard), size_guidance=ALL)
    found.Reload()
    return found


def trained(project: Project, folder: Path) -> tuple[Run, list[Event]]:
    run = small.new_run(project, folder)
    told = list(train(project, run.folder))
    assert not small.of_kind(told, WriteFailed)
    return run, told


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Event]]:
    return trained(small.cnn(epochs=2), tmp_path_factory.mktemp("cnn"))


@pytest.fixture(scope="module")
def board(cnn: tuple[Run, list[Event]]) -> EventAccumulator:
    return logged(cnn[0])


def predictions(run: Run, told: list[Event], split: str) -> dict[str, np.ndarray]:
    saved = [each for each in small.of_kind(told, PredictionsSaved) if each.split == split][-1]
    with np.load(run.folder / saved.path) as held:
        return dict(held)


def picture(board: EventAccumulator, tag: str) -> np.ndarray:
    (entry,) = board.Images(tag)
    return np.asarray(Image.open(io.BytesIO(entry.encoded_image_string)))


# -- curves


@pytest.mark.parametrize("split", ["val", "test"])
def test_each_class_has_the_precision_and_recall_that_scikit_learn_finds(
    cnn: tuple[Run, list[Event]], board: EventAccumulator, split: str
) -> None:
    run, told = cnn
    found = predictions(run, told, split)
    for number in range(10):
        (entry,) = board.Tensors(f"precision_recall/{split}/{number}")
        _, _, _, _, precision, recall = tensor_util.make_ndarray(entry.tensor_proto)
        # its thresholds are at 0, 1/126, ...: scores are rounded down to them
        scores = np.floor(found["probabilities"][:, number] * 126)
        ours = dict(zip(range(127), zip(precision, recall, strict=True), strict=True))
        expected = precision_recall_curve(found["targets"] == number, scores)
        for p, r, threshold in zip(*expected, strict=False):
            assert ours[int(threshold)] == pytest.approx((p, r))


def test_there_are_no_precision_recall_curves_of_regression(tmp_path: Path) -> None:
    run, _ = trained(small.linear(), tmp_path)
    assert not [tag for tag in logged(run).Tags()["tensors"] if tag.startswith("precision")]


# -- histograms


def test_histograms_count_every_weight_and_gradient_of_every_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "SHARE", 1e9)  # every epoch, however short it is
    project = small.cnn(epochs=3)
    run = small.new_run(project, tmp_path)
    shape = project.data.info().shape
    live = build(project.model, shape)
    told = list(train(project, run.folder))
    end = small.of_kind(told, EpochCompleted)[-1].step
    board = logged(run)
    names = [name.replace(".", "/") for name, _ in live.named_parameters()]
    expected = {f"{kind}/{name}" for kind in ("weights", "gradients") for name in names}
    assert set(board.Tags()["histograms"]) == expected
    last = checkpoint.load(run.last)["model"]
    for name, parameter in last.items():
        entries = board.Histograms(f"weights/{name.replace('.', '/')}")
        assert len(entries) == 3
        assert entries[-1].step == end
        values = parameter.double()
        told = entries[-1].histogram_value
        assert told.num == values.numel() == sum(told.bucket)
        assert told.min == pytest.approx(values.min().item())
        assert told.max == pytest.approx(values.max().item())
        assert told.sum == pytest.approx(values.sum().item(), abs=1e-5)
        assert told.sum_squares == pytest.approx(values.square().sum().item(), rel=1e-5)
        below = [int((values <= limit + 1e-6).sum()) for limit in told.bucket_limit]
        assert np.cumsum(told.bucket) == pytest.approx(below, abs=2)


def test_gradients_are_those_of_the_last_step_of_an_epoch(tmp_path: Path) -> None:
    """One step of all samples: torch's own gradient at the first weights."""
    project = small.linear(epochs=1, batch_size="all")
    run, _ = trained(project, tmp_path)
    torch.manual_seed(project.train.seed)
    network = build(project.model, project.data.info().shape)
    seen: list[torch.Tensor] = []

    def begun(_: nn.Module, batches: object) -> None:
        seen.extend(batches.taken("train", slice(None)))

    with closing(fit(project, small.new_run(project, tmp_path), begun=begun)) as events:
        next(events)
    inputs, targets = seen
    loss = nn.MSELoss()(network(inputs), project.train.loss.prepare(targets, project.data.info()))
    loss.backward()
    board = logged(run)
    for name, parameter in network.named_parameters():
        told = board.Histograms(f"gradients/{name.replace('.', '/')}")[-1].histogram_value
        assert told.sum == pytest.approx(parameter.grad.sum().item(), rel=1e-4)
        assert told.num == parameter.numel()


# -- pictures


def test_the_samples_are_those_of_the_first_batch_behind_the_transforms(
    board: EventAccumulator,
) -> None:
    grid = picture(board, "samples/train")
    assert grid.shape == (4 * 8, 8 * 8, 3)
    pixels = loaded(DatasetSpec.named("Digits")())["train"].inputs
    known = {np.asarray(image[0], dtype=np.float64).round().tobytes() for image in pixels}
    full = DatasetSpec.named("Digits")().info().full_scale
    for row in range(4):
        for column in range(8):
            cut = grid[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8, 0]
            assert (cut / 255 * full).round().astype(np.float64).tobytes() in known


def test_the_figure_shows_the_most_wrong_samples_first(
    cnn: tuple[Run, list[Event]], board: EventAccumulator
) -> None:
    run, told = cnn
    figure = picture(board, "predictions vs. actuals/test")
    assert figure.shape == (600, 800, 3)
    assert len(np.unique(figure.reshape(-1, 3), axis=0)) > 100
    found = predictions(run, told, "test")
    rows = most_wrong(_as_predictions(found), 12)
    wrong = found["probabilities"].argmax(1) != found["targets"]
    assert wrong[rows].all()
    assert found["losses"][rows].tolist() == sorted(found["losses"][wrong], reverse=True)[:12]


def _as_predictions(found: dict[str, np.ndarray]) -> gallery.Predictions:
    return gallery.Predictions(*map(torch.from_numpy, found.values()))


@pytest.mark.parametrize(
    "project", [small.linear(), small.linear(data="BreastCancer")], ids=["scatter", "confusion"]
)
def test_samples_that_are_no_images_have_a_figure_too(tmp_path: Path, project: Project) -> None:
    run, _ = trained(project, tmp_path)
    board = logged(run)
    assert picture(board, "predictions vs. actuals/test").shape == (600, 800, 3)
    assert set(board.Tags()["images"]) == {
        "predictions vs. actuals/val",
        "predictions vs. actuals/test",
    }


# -- embedding


def test_the_embedding_has_features_of_the_best_weights_with_classes_and_images(
    cnn: tuple[Run, list[Event]],
) -> None:
    run, told = cnn
    config = text_format.Parse(
        (run.tensorboard / "projector_config.pbtxt").read_text(), ProjectorConfig()
    )
    (embedding,) = config.embeddings
    samples = loaded(DatasetSpec.named("Digits")())["val"]
    count = len(samples.targets)
    vectors = np.loadtxt(run.tensorboard / embedding.tensor_path, delimiter="\t")
    assert vectors.shape == (count, 4 * 4 * 4)
    names = (run.tensorboard / embedding.metadata_path).read_text().splitlines()
    assert names == [str(target) for target in samples.targets]
    sprite = Image.open(run.tensorboard / embedding.sprite.image_path)
    side = int(np.ceil(np.sqrt(count)))
    assert sprite.size == (8 * side, 8 * side)
    assert list(embedding.sprite.single_image_dim) == [8, 8]
    images = small_images(DatasetSpec.named("Digits")(), "val", [0])
    first = np.asarray(sprite)[:8, :8, 0]
    assert first.astype(int) == pytest.approx(images[0, 0].numpy().astype(int), abs=1)
    assert _told_apart(vectors, run) == predictions(run, told, "val")["targets"].shape[0]


def _told_apart(vectors: np.ndarray, run: Run) -> int:
    """Samples whose class the last layer alone finds as the whole network does."""
    weights = checkpoint.load(run.best)["model"]
    *_, weight, bias = weights.values()
    output = torch.from_numpy(vectors).float() @ weight.T + bias
    project = run.project()
    network = build(project.model, project.data.info().shape)
    network.load_state_dict(weights)
    given: list[torch.Tensor] = []

    def begun(_: nn.Module, batches: object) -> None:
        given.append(batches.taken("val", slice(None)).inputs)

    with closing(fit(project, run, begun=begun)) as events:
        next(events)
    with torch.no_grad():
        expected = network.eval()(given[0])
    return int(torch.isclose(output, expected, atol=1e-4).all(1).sum())


def test_a_resumed_run_has_one_embedding_that_of_its_latest_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small.linear(epochs=2)
    run, _ = trained(project, tmp_path)
    list(train(project, run.folder, resume=True))
    longer = project.replace(train=project.train.replace(epochs=3))
    told = list(train(longer, run.folder, resume=True))
    step = small.of_kind(told, EpochCompleted)[-1].step
    assert [path.parent.name for path in run.tensorboard.glob("*/features")] == [f"{step:05}"]
    assert capsys.readouterr().out == ""


# -- graph, hparams


def test_the_graph_has_every_layer(board: EventAccumulator) -> None:
    scopes = {part for node in board.Graph().node for part in node.name.split("/")}
    for kind in ("Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"):
        assert any(scope.startswith(f"{kind}[") for scope in scopes), kind


def test_a_network_is_traced_once_for_all_of_its_runs(tmp_path: Path) -> None:
    """torch.jit never gives back what a trace takes, so that short runs would fill the memory."""
    _traced.cache_clear()
    project = small.cnn(epochs=1)
    runs = [
        small.new_run(each, tmp_path)
        for each in (project, project.replace(train=project.train.replace(lr=0.02)))
    ]
    for run in runs:
        list(train(run.project(), run.folder))
    first, second = (logged(run).Graph() for run in runs)
    assert first.node
    assert first == second
    assert _traced.cache_info().misses == 1


def test_the_table_of_runs_has_the_values_of_the_recipe(
    cnn: tuple[Run, list[Event]], board: EventAccumulator
) -> None:
    run, _ = cnn
    tags = {"experiment", "session_start_info", "session_end_info"}
    parts = {tag: board.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content for tag in tags}
    read = {
        tag: plugin_data_pb2.HParamsPluginData.FromString(content) for tag, content in parts.items()
    }
    values = read["session_start_info"].session_start_info.hparams
    project = json.loads(run.project_file.read_text())
    assert values["train.lr"].number_value == project["train"]["lr"]
    assert values["train.optimizer.type"].string_value == "Adam"
    assert values["data.type"].string_value == "Digits"
    compared = {info.name.tag for info in read["experiment"].experiment.metric_infos}
    told = ("loss", "accuracy", "precision", "recall", "f1", "top5", "roc_auc")
    assert compared == {f"{name}/{split}" for name in told for split in ("val", "test")}
    assert compared <= set(board.Tags()["scalars"])


# -- never in the way


def test_a_run_that_is_stopped_has_its_pictures_too(tmp_path: Path) -> None:
    project = small.cnn(epochs=50)
    run = small.new_run(project, tmp_path)
    with closing(train(project, run.folder)) as events:
        next(event for event in events if isinstance(event, PredictionsSaved))
    board = logged(run)
    assert board.Tags()["graph"]
    assert set(board.Tags()["images"]) == {"samples/train", "predictions vs. actuals/val"}
    assert (run.tensorboard / "projector_config.pbtxt").is_file()


def _breaks(*_: object) -> None:
    raise RuntimeError("no tracing today.\nmore")


def test_a_picture_that_can_not_be_made_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.utils.tensorboard._pytorch_graph.graph", _breaks)
    _traced.cache_clear()
    project = small.cnn()
    run = small.new_run(project, tmp_path)
    told = list(train(project, run.folder))
    (failed,) = small.of_kind(told, WriteFailed)
    assert failed.reason == "TensorBoard gets no graph: no tracing today. Training goes on."
    board = logged(run)
    assert len(board.Scalars("loss/val")) == 2
    assert "predictions vs. actuals/test" in board.Tags()["images"]


def test_features_in_front_of_a_convolution_are_means_over_places(tmp_path: Path) -> None:
    layers = (
        small.layer("Conv2d", out_channels=5, padding=1),
        small.layer("Conv2d", out_channels=10, kernel_size=8),
        small.layer("Flatten"),
    )
    run, _ = trained(small.project(*layers, data="Digits", epochs=1, lr=0.01), tmp_path)
    (path,) = run.tensorboard.glob("*/features/tensors.tsv")
    assert np.loadtxt(path, delimiter="\t").shape[1] == 5
