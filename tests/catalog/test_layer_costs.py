"""Multiplications and windows of layers, against torch's own counter and what really changes."""

from collections.abc import Iterator

import pytest
import torch
from contract import FEW, LAYERS, fitted, sample_of
from hypothesis import assume, given
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from workbench.core.layer import LayerSpec, Shape, Window

RECURRENT = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}
COUNTED = [name for name in LAYERS if LAYERS[name].multiply_adds is not LayerSpec.multiply_adds]


def test_all_layers_with_matrices_are_counted() -> None:
    convolutions = {name for name in LAYERS if name.startswith("Conv")}
    attention = {"MultiheadAttention", "TransformerEncoderLayer"}
    assert set(COUNTED) == convolutions | attention | RECURRENT.keys() | {"Linear"}


@pytest.mark.parametrize("kind", [name for name in LAYERS if name not in RECURRENT])
def test_multiply_adds_are_those_that_torch_counts(kind: str) -> None:
    @FEW
    @given(fitted(LAYERS[kind]))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        # Other kernels of attention hide a part of their products from the counter.
        module, inputs = spec.module(nn, shape), sample_of(spec, shape, batch=3)
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            spec.call(module, inputs)
        assert counter.get_total_flops() == 3 * 2 * spec.multiply_adds(shape)

    check()


@pytest.mark.parametrize("kind", RECURRENT)
def test_recurrent_layers_multiply_as_their_cells_do(kind: str) -> None:
    @FEW
    @given(fitted(LAYERS[kind]))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        with FlopCounterMode(display=False) as counter:
            step_by_step(spec, torch.randn(shape))
        assert counter.get_total_flops() == 2 * spec.multiply_adds(shape)

    check()


def step_by_step(spec: LayerSpec, steps: torch.Tensor) -> None:
    for _ in range(spec.num_layers):
        ways = [way_through(spec, steps) for _ in range(1 + spec.bidirectional)]
        steps = torch.cat(ways, dim=1)


def way_through(spec: LayerSpec, steps: torch.Tensor) -> torch.Tensor:
    cell = RECURRENT[spec.kind](steps.shape[1], spec.hidden_size, bias=spec.bias)
    state, states = None, []
    for step in steps:
        state = cell(step[None], state)
        states.append(state[0] if spec.kind == "LSTM" else state)
    return torch.cat(states)


LOCAL = [name for name in LAYERS if "Pool" in name or name.startswith("Conv")]
LOCAL += ["Upsample", "ZeroPad2d", "PixelShuffle"]


@pytest.mark.parametrize("kind", LOCAL)
def test_a_window_is_what_an_output_really_sees(kind: str) -> None:
    told = 0

    @FEW
    @given(fitted(LAYERS[kind]))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        nonlocal told
        # Other padding modes see the inputs that they copy as well.
        assume(getattr(spec, "padding_mode", "zeros") == "zeros")
        windows = spec.windows(shape)
        if windows is None:
            return
        told += 1
        assert len(windows) == len(shape) - 1
        for axis, window in enumerate(windows):
            dense = getattr(spec, "dilation", 1) == 1
            check_axis(window, seen_along(spec, shape, axis), shape[axis + 1], dense)

    check()
    assert (told == 0) == kind.startswith("Adaptive")


def seen_along(spec: LayerSpec, shape: Shape, axis: int) -> Iterator[list[int]]:
    """For each output along an axis the inputs that change it when they change."""
    module = spec.module(nn, shape).eval()
    for parameter in module.parameters():
        nn.init.uniform_(parameter, 1.0, 2.0)  # no product is zero by chance
    size = shape[axis + 1]
    inputs = torch.zeros(size + 1, *shape)
    for place in range(size):
        inputs[place].select(axis + 1, place).fill_(1.0)
    with torch.no_grad():
        outputs = spec.call(module, inputs)
    changed = (outputs[:-1] - outputs[-1]).abs() > 1e-6
    others = [dim for dim in range(1, changed.dim()) if dim != axis + 2]
    seen = changed.any(dim=others) if others else changed
    for output in range(seen.shape[1]):
        yield torch.nonzero(seen[:, output]).flatten().tolist()


def check_axis(window: Window, seen: Iterator[list[int]], size: int, dense: bool) -> None:
    each = list(seen)
    seen_at_all = {place for inputs in each for place in inputs}
    for output, inputs in enumerate(each):
        first = output * window.stride // window.growth - window.padding
        # Where the output is finer, some of its places start one input later.
        behind = first + window.reach + (window.growth > 1)
        assert all(first <= place < behind for place in inputs)
        assert not inputs or max(inputs) - min(inputs) < window.reach
        if window.growth == 1 and dense and seen_at_all:
            assert inputs == [place for place in range(first, behind) if 0 <= place < size]
    inner = [inputs for inputs in each if inputs and min(inputs) > 0 and max(inputs) < size - 1]
    if dense and len(inner) > window.growth:
        assert max(map(len, inner)) == window.reach
