"""Models in and out: what is saved comes back to the last bit, in this program and in others."""

from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from alone import Alone
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import Event, ModelLoaded, ModelSaved, PredictionsSaved, RunCompleted
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.runs import Run, create_run
from workbench.core.template import Template
from workbench.engine import checkpoint
from workbench.engine.build import build, is_plain
from workbench.engine.export import save_network, save_parameters
from workbench.engine.fit import fit
from workbench.engine.preview import predictions
from workbench.engine.remote import Engines
from workbench.engine.restore import load_model

IMAGE = (1, 8, 8)


def layer(kind: str, **fields: object) -> LayerSpec:
    return LayerSpec.named(kind)(**fields)


def digits(*layers: LayerSpec) -> Project:
    project = Template.shelf["mlp"].project()
    train = project.train.replace(epochs=2, lr=0.01, batch_size=256)
    return project.replace(model=ModelSpec(layers=layers), train=train)


MANY_LAYERS = (
    layer("Conv2d", out_channels=8, padding="same", name="first"),
    layer("BatchNorm2d", eps=1e-4, momentum=0.2),
    layer("ReLU"),
    layer("MaxPool2d", kernel_size=(2, 1)),
    layer("Conv2d", out_channels=8, kernel_size=(3, 2), padding=(1, 0), groups=2, bias=False),
    layer("Tanh"),
    layer("AvgPool2d", kernel_size=2, stride=1, padding=1, count_include_pad=False),
    layer("Dropout", p=0.25),
    layer("Flatten"),
    layer("Linear", out_features=32),
    layer("Sigmoid"),
    layer("Linear", out_features=10, bias=False),
    layer("Softmax"),
    layer("LogSoftmax"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that really trained a network with layers of every category."""
    project = digits(*MANY_LAYERS)
    run = create_run(project, tmp_path_factory.mktemp("runs"))
    ended = list(fit(project, run))[-1]
    assert isinstance(ended, RunCompleted)
    assert (ended.reason, ended.step) == ("completed", 12)
    return run


@pytest.fixture(scope="module")
def small() -> Project:
    """Softmax regression on iris: fc1.weight (3, 4) and fc1.bias (3,)."""
    return Template.shelf["softmax_regression"].project()


def last(events: Generator[Event]) -> Event:
    return list(events)[-1]


def loaded(path: Path, project: Project, into: Path) -> ModelLoaded:
    event = last(load_model(path, project, into))
    assert isinstance(event, ModelLoaded)
    assert (event.source, event.weights) == (str(path), str(into))
    return event


def predicted(project: Project, weights: Path, folder: Path) -> dict[str, dict[str, np.ndarray]]:
    found = {}
    for event in predictions(project, weights, folder):
        assert isinstance(event, PredictionsSaved)
        found[event.split] = arrays(folder / event.path)
    return found


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as held:
        return dict(held)


def assert_same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> None:
    assert left.keys() == right.keys() == {"probabilities", "targets", "losses"}
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], strict=True)


def some_inputs(shape: tuple[int, ...], count: int = 20) -> Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(0))


def network_of(project: Project, weights: Path) -> nn.Sequential:
    network = build(project.model, project.data.info().shape)
    network.load_state_dict(checkpoint.load(weights)["model"])
    return network.eval()


# Predictions of given weights


def test_predictions_are_those_of_training_to_the_last_bit(trained: Run, tmp_path: Path) -> None:
    project = trained.project()
    end = predicted(project, trained.last, tmp_path / "last")
    best = predicted(project, trained.best, tmp_path / "best")
    assert_same(end["val"], arrays(trained.predictions("val", 2)))
    assert_same(best["test"], arrays(trained.predictions("test", 2)))


def test_no_predictions_for_an_empty_split(small: Project, tmp_path: Path) -> None:
    project = small.replace(data=small.data.replace(val_fraction=0.0))
    weights = tmp_path / "w.pt"
    checkpoint.save({"model": build(project.model, (4,)).state_dict()}, weights)
    assert predicted(project, weights, tmp_path).keys() == {"test"}


def test_predictions_need_weights_that_fit(trained: Run, small: Project, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"last\.pt does not fit: it has first\.weight, which"):
        list(predictions(small, trained.last, tmp_path))


# There and back


@pytest.mark.parametrize("name", ["m.pt", "m.pth", "m.safetensors", "M.PT"])
def test_parameters_come_back_to_the_last_bit(name: str, trained: Run, tmp_path: Path) -> None:
    project, into = trained.project(), tmp_path / "into.pt"
    saved = last(save_parameters(trained.last, tmp_path / name))
    assert saved == ModelSaved(path=str(tmp_path / name))
    event = loaded(tmp_path / name, project, into)
    assert event.model == project.model
    before = predicted(project, trained.last, tmp_path / "before")
    after = predicted(project, into, tmp_path / "after")
    assert_same(before["val"], after["val"])
    assert_same(before["test"], after["test"])


def test_a_network_comes_back_to_the_last_bit(trained: Run, tmp_path: Path) -> None:
    project, path, into = trained.project(), tmp_path / "net.pt", tmp_path / "into.pt"
    assert last(save_network(project, trained.best, path)) == ModelSaved(path=str(path))
    other = digits(layer("Flatten"), layer("Linear", out_features=10))
    event = loaded(path, other, into)
    assert event.model == project.model
    before = predicted(project, trained.best, tmp_path / "before")
    after = predicted(other.replace(model=event.model), into, tmp_path / "after")
    assert_same(before["val"], after["val"])
    assert_same(before["test"], after["test"])


def test_a_checkpoint_of_ours_loads_without_its_optimizer(trained: Run, tmp_path: Path) -> None:
    into = tmp_path / "into.pt"
    loaded(trained.last, trained.project(), into)
    held, clean = checkpoint.load(trained.last), checkpoint.load(into)
    assert clean.keys() == {"model"}
    assert clean["model"].keys() == held["model"].keys()
    for name, value in held["model"].items():
        assert torch.equal(clean["model"][name], value)
        assert clean["model"][name].is_contiguous()


FEEDS = (
    (),
    (layer("Flatten"),),
    (layer("Flatten", end_dim=2),),  # rows as a sequence, or as channels of a signal
    (layer("Conv2d", out_channels=9), layer("Unflatten", unflattened_size=(3, 3))),  # a volume
    (layer("Conv2d", out_channels=4),),  # channels enough to be shuffled into pixels
)


def fed(made: LayerSpec) -> Iterator[Project]:
    """Networks on the digits with this layer in them, where it gets what it can take."""
    for feed in FEEDS:
        for flat in ((), (layer("Flatten"),)):
            project = digits(*feed, made, *flat, layer("Linear", out_features=10))
            if not any(step.fault for step in project.walk()):
                yield project


PLAIN = [name for name, kind in LayerSpec.choices().items() if is_plain(kind())]


@pytest.mark.parametrize("kind", PLAIN)
def test_every_layer_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    project = next(fed(layer(kind)))
    weights = tmp_path / "w.pt"
    checkpoint.save({"model": build(project.model, IMAGE).state_dict()}, weights)
    list(save_network(project, weights, tmp_path / "net.pt"))
    event = loaded(tmp_path / "net.pt", project, tmp_path / "into.pt")
    assert event.model == project.model
    inputs = some_inputs(IMAGE)
    came = network_of(project, tmp_path / "into.pt")(inputs)
    assert torch.equal(came, network_of(project, weights)(inputs))


def test_loaded_weights_are_where_training_starts(trained: Run, tmp_path: Path) -> None:
    project, into = trained.project(), tmp_path / "into.pt"
    loaded(trained.best, project, into)
    first_losses = []
    for weights in (into, None):
        with closing(fit(project, create_run(project, tmp_path), weights=weights)) as events:
            first_losses.append(list(islice(events, 2))[1].metrics["loss"])
    assert first_losses[0] < first_losses[1] - 0.1


def test_models_load_and_predict_in_engine_processes(
    trained: Run, engines: Engines, tmp_path: Path
) -> None:
    project, path, into = trained.project(), tmp_path / "m.pt", tmp_path / "into.pt"
    list(engines.remote("export.save_network", project, trained.best, path))
    stream = engines.remote("restore.load_model", path, project, into, disposable=True)
    event = [event for events in stream for event in events][-1]
    assert event == ModelLoaded(source=str(path), weights=str(into), model=project.model)
    list(engines.remote("preview.predictions", project, into, tmp_path / "there"))
    here = predicted(project, trained.best, tmp_path / "here")
    assert_same(here["test"], arrays(Run(tmp_path / "there").predictions("test", 0)))


# What others make of our files

OPENED_ELSEWHERE = """
import sys
sys.modules["workbench"] = None  # now importing it raises ImportError
import torch
network = torch.load(sys.argv[1], weights_only=False)
with torch.no_grad():
    output = network(torch.load(sys.argv[2]))
layouts = {value.is_contiguous() for value in network.state_dict().values()}
torch.save([output, network.training, type(network).__name__, layouts == {True}], sys.argv[3])
assert not [name for name in sys.modules if name.startswith("workbench.")]
"""


def test_a_saved_network_opens_without_this_program(
    trained: Run, tmp_path: Path, alone: Alone
) -> None:
    project = trained.project()
    list(save_network(project, trained.best, tmp_path / "net.pt"))
    torch.save(some_inputs(IMAGE), tmp_path / "inputs.pt")
    paths = [str(tmp_path / name) for name in ("net.pt", "inputs.pt", "output.pt")]
    alone.run(OPENED_ELSEWHERE, *paths, folder=tmp_path)
    output, training, kind, contiguous = torch.load(tmp_path / "output.pt")
    with torch.no_grad():
        assert torch.equal(output, network_of(project, trained.best)(some_inputs(IMAGE)))
    assert (training, kind, contiguous) == (False, "Sequential", True)


@pytest.mark.parametrize("name", ["m.pt", "m.safetensors"])
def test_a_state_dict_loads_into_a_network_written_by_hand(
    name: str, trained: Run, tmp_path: Path
) -> None:
    list(save_parameters(trained.best, tmp_path / name))
    by_hand = nn.Sequential(
        OrderedDict(
            first=nn.Conv2d(1, 8, 3, padding="same"),
            bn1=nn.BatchNorm2d(8, eps=1e-4),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d((2, 1)),
            conv1=nn.Conv2d(8, 8, (3, 2), padding=(1, 0), groups=2, bias=False),
            tanh1=nn.Tanh(),
            pool2=nn.AvgPool2d(2, 1, 1, count_include_pad=False),
            dropout1=nn.Dropout(0.25),
            flatten1=nn.Flatten(),
            fc1=nn.LazyLinear(32),
            sigmoid1=nn.Sigmoid(),
            fc2=nn.Linear(32, 10, bias=False),
            softmax1=nn.Softmax(1),
            logsoftmax1=nn.LogSoftmax(1),
        )
    ).eval()
    by_hand(some_inputs(IMAGE))  # LazyLinear learns its size
    read = load_file if name.endswith("safetensors") else torch.load
    by_hand.load_state_dict(read(tmp_path / name), strict=True)
    ours = network_of(trained.project(), trained.best)
    assert torch.equal(by_hand(some_inputs(IMAGE)), ours(some_inputs(IMAGE)))


def test_a_suffix_must_say_the_format(trained: Run, tmp_path: Path) -> None:
    project = trained.project()
    for name in ("m", "m.onnx"):
        with pytest.raises(UserError, match=r"ends in \.pt or \.pth or \.safetensors"):
            list(save_parameters(trained.last, tmp_path / name))
    with pytest.raises(UserError, match=r"ends in \.pt or \.pth\. Choose"):
        list(save_network(project, trained.last, tmp_path / "m.safetensors"))
    assert list(tmp_path.glob("m*")) == []


def test_a_save_that_fails_leaves_the_old_file(
    trained: Run, small: Project, tmp_path: Path
) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(b"old")
    with pytest.raises(UserError, match="does not fit"):
        list(save_network(small, trained.last, path))
    with pytest.raises(UserError, match="could not be written"):
        list(save_parameters(trained.last, path / "below" / "m.pt"))
    with pytest.raises(UserError, match="no checkpoint at"):
        list(save_parameters(tmp_path / "none.pt", path))
    assert path.read_bytes() == b"old"


# What we make of files of others


class Net(nn.Module):
    """As people write them: names, and an order of use, of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(4, 6)
        self.head = nn.Linear(6, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        output: Tensor = self.head(self.hidden(inputs).relu())
        return output


@pytest.fixture
def two_layers(small: Project) -> Project:
    """A network with the layers of `Net`."""
    layers = (layer("Linear", out_features=6), layer("ReLU"), layer("Linear", out_features=3))
    return small.replace(model=ModelSpec(layers=layers))


def own_names(net: nn.Module) -> dict[str, Tensor]:
    renamed = {"hidden": "fc1", "head": "fc2"}
    pairs = (name.split(".") for name in net.state_dict())
    return {f"{renamed[a]}.{b}": net.state_dict()[f"{a}.{b}"] for a, b in pairs}


def computes(net: nn.Module, project: Project, into: Path) -> bool:
    inputs = some_inputs((4,))
    return torch.equal(net(inputs), network_of(project, into)(inputs))


FORMS = {
    "other names": lambda net: net.state_dict(),
    "same names, other order": lambda net: dict(reversed(own_names(net).items())),
    "DataParallel": lambda net: nn.DataParallel(net).state_dict(),
    "DistributedDataParallel": lambda net: {f"module.{n}": v for n, v in own_names(net).items()},
    "torch.compile": lambda net: {f"_orig_mod.{n}": v for n, v in own_names(net).items()},
    "both": lambda net: {f"_orig_mod.module.{n}": v for n, v in reversed(own_names(net).items())},
    "compiled layers": lambda net: {
        n.replace(".", "._orig_mod."): v for n, v in reversed(own_names(net).items())
    },
    "nested": lambda net: {"epoch": 3, "state_dict": own_names(net), "note": "x"},
    "parameters": lambda net: dict(net.named_parameters()),
    "views": lambda net: {n: torch.stack([v, v])[1] for n, v in own_names(net).items()},
    "transposed": lambda net: {n: v.T.contiguous().T for n, v in own_names(net).items() if v.ndim},
}


@pytest.mark.filterwarnings("ignore:The use of `x.T`:UserWarning")
@pytest.mark.parametrize("form", FORMS)
def test_parameters_of_others_load(form: str, two_layers: Project, tmp_path: Path) -> None:
    net, path, into = Net(), tmp_path / "theirs.pt", tmp_path / "into.pt"
    torch.save(FORMS[form](net), path)
    assert loaded(path, two_layers, into).model == two_layers.model
    assert computes(net, two_layers, into)
    sizes = [value.untyped_storage().nbytes() for value in checkpoint.load(into)["model"].values()]
    assert sizes == [4 * 24, 4 * 6, 4 * 18, 4 * 3]


def test_files_of_old_torch_load(two_layers: Project, tmp_path: Path) -> None:
    net, path = Net(), tmp_path / "old.pth"
    torch.save(net.state_dict(), path, _use_new_zipfile_serialization=False)
    loaded(path, two_layers, tmp_path / "into.pt")
    assert computes(net, two_layers, tmp_path / "into.pt")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(
    dtype: torch.dtype, two_layers: Project, tmp_path: Path
) -> None:
    net, path, into = Net().to(dtype), tmp_path / "half.pt", tmp_path / "into.pt"
    torch.save(net.state_dict(), path)
    loaded(path, two_layers, into)
    for ours, theirs in zip(
        checkpoint.load(into)["model"].values(), net.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs.to(torch.float32))


def test_safetensors_of_others_load_by_name(two_layers: Project, tmp_path: Path) -> None:
    net, path, into = Net(), tmp_path / "theirs.safetensors", tmp_path / "into.pt"
    save_file({f"module.{name}": value for name, value in own_names(net).items()}, path)
    loaded(path, two_layers, into)
    assert computes(net, two_layers, into)


def test_safetensors_keep_no_order(small: Project, tmp_path: Path) -> None:
    """They are sorted by name: that a (3, 4) and b (3,) stand in our order says nothing."""
    path = tmp_path / "theirs.safetensors"
    save_file({"b": B, "a": W}, path)
    assert list(load_file(path)) == ["a", "b"]
    with pytest.raises(UserError, match=r"no fc1\.weight .missing: 2, unexpected: 2, of another"):
        list(load_model(path, small, tmp_path / "into.pt"))


def test_order_does_not_overrule_names(two_layers: Project, tmp_path: Path) -> None:
    """Two layers of one shape: a name of the network in another place is not taken for it."""
    square = (layer("Linear", out_features=4, name="a"), layer("Linear", out_features=4, name="b"))
    project = two_layers.replace(
        model=ModelSpec(layers=(*square, layer("Linear", out_features=3, name="c")))
    )
    net = nn.Sequential(OrderedDict(b=nn.Linear(4, 4), x=nn.Linear(4, 4), c=nn.Linear(4, 3)))
    torch.save(net.state_dict(), tmp_path / "m.pt")
    with pytest.raises(UserError, match=r"it has no a\.weight .missing: 2, unexpected: 2, "):
        list(load_model(tmp_path / "m.pt", project, tmp_path / "into.pt"))


def test_a_network_of_others_becomes_layers(small: Project, tmp_path: Path) -> None:
    relu = nn.ReLU(inplace=True)  # one module twice, as people do
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=(2, 1)), relu, nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(12, 8), relu, nn.Dropout(0.1), nn.Linear(8, 10, bias=False),
    )  # fmt: skip
    torch.save(net, tmp_path / "net.pth")
    project = digits(layer("Flatten"), layer("Linear"))
    event = loaded(tmp_path / "net.pth", project, tmp_path / "into.pt")
    assert event.model == ModelSpec(
        layers=(
            layer("Conv2d", out_channels=4, stride=(2, 1)),
            layer("ReLU"),
            layer("AvgPool2d"),
            layer("Flatten"),
            layer("Linear", out_features=8),
            layer("ReLU"),
            layer("Dropout", p=0.1),
            layer("Linear", out_features=10, bias=False),
        )
    )
    ours = network_of(project.replace(model=event.model), tmp_path / "into.pt")
    assert torch.equal(net.eval()(some_inputs(IMAGE)), ours(some_inputs(IMAGE)))


UNSUITABLE = {
    "divisor": (nn.AvgPool2d(2, divisor_override=3), "divisor_override=3"),
    "momentum": (nn.BatchNorm2d(1, momentum=None), r"layers\[0\]\.momentum"),
    "channels": (nn.Conv2d(3, 10, 8), "in_channels=3, and here it would have in_channels=1"),
    "unknown": (nn.CELU(), r"torch\.nn\.modules\.activation\.CELU"),
    "too small": (nn.AvgPool2d(9), "window of 9×9, larger than its 8×8 input"),
}


@pytest.mark.parametrize("case", UNSUITABLE)
def test_a_network_that_we_could_not_build_is_refused(case: str, tmp_path: Path) -> None:
    first, words = UNSUITABLE[case]
    project = digits(layer("Flatten"), layer("Linear"))
    torch.save(nn.Sequential(first, nn.Flatten(), nn.Linear(1, 10)), tmp_path / "net.pt")
    with pytest.raises(UserError, match=words):
        list(load_model(tmp_path / "net.pt", project, tmp_path / "into.pt"))


def test_a_network_for_other_data_is_refused(small: Project, tmp_path: Path) -> None:
    path, into = tmp_path / "net.pt", tmp_path / "into.pt"
    torch.save(nn.Sequential(nn.Linear(4, 5)), path)
    with pytest.raises(UserError, match=r"on Iris: Linear fc1 gives 5; CrossEntropyLoss on Iris"):
        list(load_model(path, small, into))
    torch.save(nn.Sequential(nn.Linear(7, 3)), path)
    with pytest.raises(UserError, match="in_features=7, and here it would have in_features=4"):
        list(load_model(path, small, into))
    torch.save(nn.Identity(), path)
    with pytest.raises(UserError, match="on Iris: Identity identity1 gives 4; CrossEntropyLoss"):
        list(load_model(path, small, into))
    assert not into.exists()


W, B = torch.zeros(3, 4), torch.zeros(3)
MISFITS = {
    "missing": ({"fc1.weight": W}, r"it has no fc1\.bias \(missing: 1, unexpected: 0, .*: 0\)"),
    "unexpected": (
        {"fc1.weight": W, "fc1.bias": B, "fc2.bias": B},
        r"it has fc2\.bias, which the network has not \(missing: 0, unexpected: 1, .*: 0\)",
    ),
    "shape": (
        {"fc1.weight": torch.zeros(3, 5), "fc1.bias": torch.tensor(0.0)},
        r"its fc1\.weight is 3 × 5, the network's is 3 × 4 \(missing: 0, .*: 0, .*: 2\)",
    ),
    "order and shape": ({"b": B, "w": W}, r"it has no fc1\.weight \(missing: 2, unexpected: 2"),
    "NaN": ({"fc1.weight": W, "fc1.bias": B / 0}, r"values in fc1\.bias that are not finite"),
    "overflow": (
        {"fc1.weight": W.double() + 1e300, "fc1.bias": B},
        r"values in fc1\.weight that are not finite numbers of torch\.float32",
    ),
    "integers": ({"fc1.weight": W.long(), "fc1.bias": B}, r"fc1\.weight in torch\.int64; the"),
    "complex": ({"fc1.weight": W * 1j, "fc1.bias": B}, r"fc1\.weight in torch\.complex64; the"),
    "sparse": ({"fc1.weight": W.to_sparse(), "fc1.bias": B}, r"fc1\.weight, which is not a plain"),
    "meta": ({"fc1.weight": W.to("meta"), "fc1.bias": B}, r"not a plain tensor but .* on meta"),
    "text": (
        {"fc1.weight": "W", "fc1.bias": B},
        r"fc1\.weight, which is not a plain .* of type str",
    ),
    "number": (
        {"fc1.weight": W, "fc1.bias": B, "epoch": 3},
        "epoch, which is not a plain .* of type int",
    ),
    "numbered": ({0: W, 1: B}, "holds no parameters by name"),
    "list": ([W, B], "holds no parameters by name"),
    "tensor": (W, "holds no parameters by name"),
    "nothing": (None, "holds no parameters by name"),
    "empty": ({}, r"it has no fc1\.weight \(missing: 2, unexpected: 0"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_parameters_that_do_not_fit_are_told_in_a_sentence(
    case: str, small: Project, tmp_path: Path
) -> None:
    content, words = MISFITS[case]
    torch.save(content, tmp_path / "theirs.pt")
    with pytest.raises(UserError, match=words) as told:
        list(load_model(tmp_path / "theirs.pt", small, tmp_path / "into.pt"))
    assert str(told.value).startswith(str(tmp_path / "theirs.pt"))
    assert not (tmp_path / "into.pt").exists()


def test_a_network_with_a_fault_takes_no_parameters(small: Project, tmp_path: Path) -> None:
    faulty = small.replace(model=ModelSpec(layers=(layer("Flatten", start_dim=3),)))
    torch.save({"fc1.weight": W, "fc1.bias": B}, tmp_path / "m.pt")
    with pytest.raises(UserError, match="Flatten flatten1 can't flatten dimensions 3 to -1 of 4"):
        list(load_model(tmp_path / "m.pt", faulty, tmp_path / "into.pt"))


def test_other_data_of_the_same_shape_is_no_obstacle(trained: Run, tmp_path: Path) -> None:
    project = trained.project()
    other = project.replace(data=DatasetSpec.named("Digits")(split_seed=5))
    assert loaded(trained.best, other, tmp_path / "into.pt").model == project.model
