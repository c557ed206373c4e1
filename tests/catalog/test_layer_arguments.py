"""The order of constructor arguments, as the parser of code has it, against torch's own."""

import inspect
from importlib import import_module

import pytest

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec

KINDS = {
    name: kind
    for name, kind in LayerSpec.choices().items()
    if not kind.verbatim and not issubclass(kind, BlockSpec)
}
RECURRENT = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_arguments_stand_in_torchs_order(kind: type[LayerSpec]) -> None:
    room, _, name = kind.full_name().rpartition(".")
    made = getattr(import_module(room), name)
    theirs = [n for n in inspect.signature(made).parameters if n not in ("args", "kwargs")]
    if kind.__name__ in ("RNN", "LSTM", "GRU"):  # torch tells them in words only
        theirs = [*RECURRENT, "bidirectional"]
        theirs[3:3] = ["nonlinearity"] if kind.__name__ == "RNN" else []
    if room != "torchvision.models":
        assert list(kind.order()) == theirs[: len(kind.order())]
