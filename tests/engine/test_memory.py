"""The memory of networks against what torch really keeps and holds: to the byte."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import finalize

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specs
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from workbench.catalog.layers.activation import ReLU, Tanh
from workbench.catalog.layers.backbones import Backbone
from workbench.catalog.layers.blocks import Branches, Group, Repeat, Residual
from workbench.catalog.layers.conv import Conv2d, Conv3d
from workbench.catalog.layers.dropout import Dropout
from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.normalization import BatchNorm2d
from workbench.catalog.layers.pooling import AvgPool2d, MaxPool2d
from workbench.catalog.layers.reshape import Flatten
from workbench.core.block import BlockSpec
from workbench.core.costs import Costs, costs, costs_of
from workbench.core.layer import LayerSpec, Shape
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.core.train import OptimizerSpec
from workbench.engine.build import Network, build

BATCH = 3
DRAWN = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def costs_for(model: ModelSpec, shape: Shape, batch: int = BATCH) -> Costs:
    return costs(model.walk(shape), shape, batch)


# -- what autograd keeps


def saved_by_torch(network: nn.Module, x: Tensor) -> int:
    """The bytes of all memory, beside parameters and buffers, that autograd keeps of a pass."""
    own = [*network.parameters(), *network.buffers()]
    known = {each.untyped_storage().data_ptr() for each in own}
    kept: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in known:
            kept[place] = tensor  # held, so that no other tensor gets the place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(x)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def check_saved(model: ModelSpec, shape: Shape, tolerance: float = 0.0) -> None:
    network = build(model, shape).train()
    measured = saved_by_torch(network, torch.rand(BATCH, *shape))
    told = costs_for(model, shape).saved
    assert told == pytest.approx(measured, rel=tolerance, abs=0), [x.kind for x in model.layers]


def fits(model: ModelSpec, shape: Shape) -> bool:
    return not any(step.fault for step in model.walk(shape))


LEAVES = {
    n: k
    for n, k in LayerSpec.choices().items()
    if not (k.verbatim or issubclass(k, BlockSpec | Backbone))
}
FRONTS = {
    1: Linear(out_features=10),
    2: Linear(out_features=12),
    3: Conv2d(out_channels=4, kernel_size=3, padding=1),
    4: Conv3d(out_channels=4, kernel_size=3, padding=1),
}
SHAPES = [(4, 9, 8), (2, 12, 12), (6, 12), (10,), (4, 5, 6, 6)]
RECURRENT = ("RNN", "LSTM", "GRU")


def around(spec: LayerSpec, shape: Shape) -> ModelSpec:
    """A layer behind one that learns, so that gradients flow."""
    if spec.kind == "Embedding":  # of whole numbers, which come first
        return ModelSpec(layers=(spec,))
    return ModelSpec(layers=(FRONTS[len(shape)], spec))


@pytest.mark.parametrize("kind", LEAVES.values(), ids=LEAVES)
def test_each_layer_keeps_what_torch_keeps(kind: type[LayerSpec]) -> None:
    checked = 0

    @DRAWN
    @given(specs(kind))
    def check(spec: LayerSpec) -> None:
        nonlocal checked
        for shape in SHAPES:
            model = around(spec, shape)
            if kind.__name__ not in RECURRENT and fits(model, shape):
                check_saved(model, shape)
                checked += 1

    check()
    assert checked or kind.__name__ in RECURRENT


@pytest.mark.parametrize("kind", RECURRENT)
@pytest.mark.parametrize("output", ["last step", "sequence"])
@pytest.mark.parametrize("more", [{}, {"bidirectional": True}, {"dropout": 0.2}])
def test_recurrent_layers_keep_what_torch_keeps(
    kind: str, output: str, more: dict[str, Any]
) -> None:
    """To the byte but for LSTM, whose workspace has a size of its own: within a tenth."""
    for layers in (1, 3):
        spec = LEAVES[kind](hidden_size=100, num_layers=layers, output=output, **more)
        model = ModelSpec(layers=(Linear(out_features=30), spec, Linear(out_features=5)))
        check_saved(model, (40, 9), tolerance=0.1 if kind == "LSTM" else 0.0)


def conv(channels: int, **arguments: Any) -> Conv2d:
    return Conv2d(**{"out_channels": channels, "kernel_size": 3, "padding": 1} | arguments)


LEARNING = [
    conv(4),
    conv(4, kernel_size=1, padding=0),
    BatchNorm2d(),
    ReLU(),
    Tanh(),
    Dropout(),
    AvgPool2d(kernel_size=3, stride=1, padding=1),
    MaxPool2d(kernel_size=3, stride=1, padding=1),
]


@st.composite
def stacks(draw: st.DrawFn, depth: int = 2) -> tuple[LayerSpec, ...]:
    """Layers and blocks that all keep four channels and the size of the image."""
    kinds = [*LEARNING, *([Group, Repeat, Residual, Branches] if depth else [])]
    made: list[LayerSpec] = []
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=4)):
        if isinstance(kind, LayerSpec):
            made.append(kind)
            continue
        block = kind()
        if isinstance(block, Branches):
            count, merge = draw(st.integers(1, 4)), draw(st.sampled_from(["add", "multiply"]))
            block = Branches(branches=((),) * count, merge=merge)
        if isinstance(block, Repeat):
            block = Repeat(times=draw(st.integers(1, 4)))
        made.append(block.with_stacks([draw(stacks(depth - 1)) for _ in block.stacks]))
    return tuple(made)


@DRAWN
@given(stacks())
def test_what_blocks_keep_is_what_torch_keeps(layers: tuple[LayerSpec, ...]) -> None:
    check_saved(ModelSpec(layers=(conv(4), *layers)), (3, 6, 6))


@DRAWN
@given(stacks())
def test_before_the_first_parameter_nothing_is_kept(layers: tuple[LayerSpec, ...]) -> None:
    check_saved(ModelSpec(layers=layers), (4, 6, 6))


def test_rounds_that_change_the_shape_are_counted_each() -> None:
    inner = (conv(8, stride=2), ReLU(), Residual(layers=(conv(8), BatchNorm2d(), ReLU())))
    model = ModelSpec(layers=(Repeat(times=4, layers=inner), Flatten(), Linear()))
    check_saved(model, (3, 20, 20))
    check_alive(model, (3, 20, 20))


# -- what is alive at once


class Live(TorchDispatchMode):
    """Watches how much memory is alive between layers. What a layer has while it runs is its
    own matter, so that the count is taken when none is running."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        own = [*network.parameters(), *network.buffers()]
        self.known = {each.untyped_storage().data_ptr() for each in own}
        self.sizes: dict[int, int] = {}
        self.most = self.running = 0

    def hold(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        place = storage.data_ptr()
        if place not in self.sizes and place not in self.known:
            self.sizes[place] = storage.nbytes()
            finalize(storage, self.sizes.pop, place, None)

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        output = function(*args, **(kwargs or {}))
        for each in output if isinstance(output, tuple) else (output,):
            if isinstance(each, Tensor):
                self.hold(each)
        if not self.running:
            self.count()
        return output

    def count(self) -> None:
        self.most = max(self.most, sum(self.sizes.values()))


def layers_of(module: nn.Module) -> Iterator[nn.Module]:
    for child in module.children():
        if isinstance(child, Network | nn.Sequential):
            yield from layers_of(child)
        else:
            yield child


@contextmanager
def watched(network: nn.Module, live: Live) -> Iterator[None]:
    def enter(*_: Any) -> None:
        live.running += 1

    def leave(*_: Any) -> None:
        live.running -= 1
        live.count()

    for module in layers_of(network):
        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)
    with live:
        yield


def alive_in_torch(network: nn.Module, x: Tensor) -> int:
    live = Live(network)
    live.hold(x)
    live.count()
    with torch.no_grad(), watched(network, live):
        network(x)
    return live.most


def check_alive(model: ModelSpec, shape: Shape) -> None:
    network = build(model, shape).eval()
    measured = alive_in_torch(network, torch.rand(BATCH, *shape))
    assert costs_for(model, shape).forward == measured


@DRAWN
@given(stacks())
def test_what_is_alive_at_once_is_what_torch_has(layers: tuple[LayerSpec, ...]) -> None:
    check_alive(ModelSpec(layers=layers), (4, 6, 6))


TEMPLATES = pytest.mark.parametrize("name", Template.shelf)


@TEMPLATES
def test_templates_keep_and_hold_what_torch_does(name: str) -> None:
    project = Template.shelf[name].project()
    shape = project.data.info().shape
    recurrent = any(step.layer.kind in RECURRENT for step in project.walk())
    check_saved(project.model, shape, tolerance=0.1 if recurrent else 0.0)
    if not recurrent:  # the last step alone holds the states of all in torch
        check_alive(project.model, shape)


STEPWISE = [kind for name, kind in OptimizerSpec.choices().items() if name not in ("LBFGS", "Muon")]


@pytest.mark.parametrize("kind", STEPWISE)
def test_optimizers_keep_as_many_numbers_as_they_say(kind: type[OptimizerSpec]) -> None:
    @settings(DRAWN, max_examples=10)
    @given(specs(kind))
    def check(spec: OptimizerSpec) -> None:
        layer = nn.Linear(20, 30)
        layer(torch.rand(2, 20)).sum().backward()
        optimizer = spec.make(layer, 0.1)
        optimizer.step()
        kept = sum(
            value.numel()
            for state in optimizer.state.values()
            for value in state.values()
            if isinstance(value, Tensor) and value.numel() > 1
        )
        assert kept == spec.states * (20 * 30 + 30)

    check()


def test_lbfgs_keeps_as_many_numbers_as_it_says_once_its_history_is_full() -> None:
    spec = OptimizerSpec.named("LBFGS")(history_size=3)
    layer, inputs = (
        nn.Linear(20, 30),
        torch.rand(50, 20, generator=torch.Generator().manual_seed(0)),
    )
    optimizer = spec.make(layer, 0.01)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = layer(inputs).tanh().square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)  # type: ignore[arg-type]
    [state] = optimizer.state.values()
    kept = [state["d"], state["prev_flat_grad"], *state["old_dirs"], *state["old_stps"]]
    assert sum(value.numel() for value in kept) == spec.states * (20 * 30 + 30)


def test_muon_keeps_at_most_as_many_numbers_as_it_says() -> None:
    spec, network = OptimizerSpec.named("Muon")(), nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9))
    network(torch.rand(2, 9)).sum().backward()
    optimizer = spec.make(network, 0.1)
    optimizer.step()
    states = (state for part in optimizer.parts for state in part.state.values())  # type: ignore[attr-defined]
    sizes = [each.numel() for state in states for each in state.values() if each.numel() > 1]
    assert sum(sizes) == 81 + 2 * (9 + 81 + 9) <= spec.states * 180


def test_totals_follow_batch_size_and_optimizer() -> None:
    project = Template.shelf["small_cnn"].project()
    told = costs_of(project, project.walk())
    assert told.batch == project.train.batch_size
    assert told.optimizer == 2 * told.weights == 8 * told.parameters
    twice = project.train.replace(batch_size=2 * told.batch)
    double = costs_of(project.replace(train=twice), project.walk())
    assert double.saved == 2 * told.saved
    assert double.forward == 2 * told.forward
    assert double.weights == told.weights


def test_the_figures_of_layers_add_up() -> None:
    project = Template.shelf["small_cnn"].project()
    told = costs_of(project, project.walk())
    assert sum(cost.saved for cost in told.layers.values()) + told.inputs == told.saved
    assert max(cost.forward for cost in told.layers.values()) == told.forward
    assert told.training == told.weights + told.gradients + told.optimizer + told.saved


def test_behind_a_fault_nothing_is_told() -> None:
    model = ModelSpec(layers=(conv(3), Group(layers=(ReLU(), Linear())), ReLU()))
    told = costs_for(model, (1, 8, 8))
    assert set(told.layers) == {(0,), (1, 0, 0)}


def per_call(act: Callable[[], object]) -> int:
    """How often Python calls a function while `act` runs."""
    import sys

    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    act()
    sys.setprofile(None)
    return calls


def test_the_time_grows_with_the_layers_and_not_with_rounds_in_rounds() -> None:
    def nested(depth: int) -> ModelSpec:
        layers: tuple[LayerSpec, ...] = (conv(3),)
        for _ in range(depth):
            layers = (Repeat(times=2, layers=layers),)
        return ModelSpec(layers=layers)

    def calls(depth: int) -> int:
        steps = nested(depth).walk((3, 4, 4))
        return per_call(lambda: costs(steps, (3, 4, 4), 1))

    # twice the work for each level would be a thousandfold
    assert calls(12) < 20 * calls(2)
    steps = nested(12).walk((3, 4, 4))
    assert costs(steps, (3, 4, 4), 1).parameters == 2**12 * (3 * 3 * 9 + 3)
