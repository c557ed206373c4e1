"""Recurrent layers: one step of a sequence after the other.

Each gate multiplies the step's features and the state behind the step before, as in the
documentation of `torch.nn.LSTM` and `torch.nn.GRU`. Only these products are counted.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.layers.geometry import bounded
from workbench.catalog.layers.repairs import needs_sequence
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Saved, Shape, Window, counted
from workbench.core.spec import Fraction, Size


class _Recurrent(LayerSpec, abstract=True):
    category: ClassVar[str] = "Recurrent"
    positional: ClassVar[tuple[str, ...]] = ("input_size", "hidden_size")
    others: ClassVar[tuple[str, ...]] = (
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
    )
    gates: ClassVar[int]

    hidden_size: Size = Field(
        default=64, title="Hidden size", description="Number of features of the state."
    )
    num_layers: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(
        default=1, title="Layers", description="How many are stacked, each on the one before."
    )
    bias: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Bias", description="Add learned numbers in each gate."
    )
    dropout: Fraction = Field(
        default=0.0,
        title="Dropout",
        description="Share of the values set to zero between stacked layers while training.",
    )
    bidirectional: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Both directions",
        description="Read the sequence backwards as well; both results are laid side by side.",
    )
    output: Literal["last step", "sequence"] = Field(
        default="last step",
        title="Output",
        description="The state behind the whole sequence, or that behind every step.",
    )

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        raise UserError(
            "The network has a {kind} in an nn.Sequential, where its two results can't be told "
            "apart. Load its parameters only instead.",
            kind=cls.__name__,
        )

    @property
    def _directions(self) -> int:
        return 1 + self.bidirectional

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_sequence(self, in_shape)
        features = self.hidden_size * self._directions
        if self.output == "last step":
            return (features,)
        return bounded(self, (in_shape[0], features))

    def parameter_count(self, in_shape: Shape) -> int:
        biases = 2 * self.gates * self.hidden_size * self.bias
        each = biases * self._directions * self.num_layers
        return self._products(in_shape[1]) + each

    def _products(self, features: int) -> int:
        """The weights of all gates, each of which is used once a step."""
        first = features + self.hidden_size
        later = (self._directions + 1) * self.hidden_size
        seen = first + later * (self.num_layers - 1)
        return self._directions * self.gates * self.hidden_size * seen

    def multiply_adds(self, in_shape: Shape) -> int:
        return in_shape[0] * self._products(in_shape[1])

    def saved(self, in_shape: Shape) -> Saved:
        """For each step of each layer what its gates gave, and what goes into each layer.

        The last step alone is a view of all steps, which then stay whole as well.
        """
        length, features = in_shape
        states = length * self.hidden_size * self._directions
        copies = 1 + (self.dropout > 0)
        numbers = self._inputs_saved(length * features) + (self.num_layers - 1) * copies * states
        numbers += self.num_layers * self._directions * self._gates_saved(length)
        if self.output == "last step" and not self.bidirectional:
            numbers += states - self.hidden_size
        return Saved(numbers=numbers)

    def _inputs_saved(self, values: int) -> int:
        """The input with its steps in front, for each direction."""
        return values * self._directions

    def _gates_saved(self, length: int) -> int:
        raise NotImplementedError

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        given = super().arguments(in_shape)
        given.pop("output", None)
        if self.num_layers == 1:  # between one layer and none it does nothing, and torch warns
            given.pop("dropout", None)
        required = {"input_size": in_shape[1], "hidden_size": self.hidden_size}
        return required | given | {"batch_first": True}

    def call(self, module: Any, x: Any) -> Any:
        """The states of the top layer: of every step, or behind the whole sequence.

        Read backwards, the whole sequence lies behind its first step: what comes out is the
        forward state of the last step beside the backward state of the first one, which are the
        last two of torch's `h_n`.
        """
        if self.output == "last step" and self.bidirectional:
            import torch

            h_n = self._final(module(x)[1])
            return torch.cat([h_n[-2], h_n[-1]], dim=1)
        steps = module(x)[0]
        return steps[:, -1] if self.output == "last step" else steps

    @staticmethod
    def _final(state: Any) -> Any:
        return state

    def call_source(self, module: str, x: str, in_shape: Shape) -> list[str]:
        if self.output == "last step" and self.bidirectional:
            return [
                f"_, {self._final_source()} = {module}({x})",
                f"{x} = torch.cat([h_n[-2], h_n[-1]], dim=1)",
            ]
        steps = f"{x}, _ = {module}({x})"
        return [steps, f"{x} = {x}[:, -1]"] if self.output == "last step" else [steps]

    @staticmethod
    def _final_source() -> str:
        return "h_n"

    def words(self) -> str:
        told = f"{self.hidden_size} features"
        if self.num_layers > 1:
            told += f" · {counted(self.num_layers, 'layer', 'layers')}"
        return told + (" · both directions" if self.bidirectional else "") + f" · {self.output}"


class RNN(_Recurrent):
    """torch.nn.RNN over (length, features); `input_size` follows from the input."""

    summary: ClassVar[str] = "Reads a sequence step by step and keeps a state of what it has read."
    short: ClassVar[str] = "rnn"
    others: ClassVar[tuple[str, ...]] = ("num_layers", "nonlinearity", *_Recurrent.others[1:])
    gates: ClassVar[int] = 1

    nonlinearity: Literal["tanh", "relu"] = Field(
        default="tanh", title="Nonlinearity", description="What bends the new state."
    )

    def _gates_saved(self, length: int) -> int:
        return (length + 1) * self.hidden_size

    def formula(self, in_shape: Shape) -> str:
        shapes = f"W is {self.hidden_size} × {in_shape[1]}, U is {self.hidden_size}²"
        return f"hₜ = {self.nonlinearity}(Wxₜ + Uhₜ₋₁{' + b' * self.bias});  {shapes}"


class LSTM(_Recurrent):
    """torch.nn.LSTM over (length, features); `input_size` follows from the input."""

    summary: ClassVar[str] = (
        "Reads a sequence step by step; its gates decide what to keep, add and show."
    )
    short: ClassVar[str] = "lstm"
    gates: ClassVar[int] = 4

    def saved(self, in_shape: Shape) -> Saved:
        """In oneDNN's workspace, whose size is as measured: within a tenth for what is not
        small."""
        length, features = in_shape
        states = length * self.hidden_size
        is_chain = self._directions == 1 and not self.dropout  # what goes in is what came out
        numbers = length * features + self._workspaces(length, features)
        numbers += self.num_layers * self._directions * (states + 4 * self.hidden_size)
        if not is_chain:
            copies = 1 + (self.dropout > 0)
            numbers += (self.num_layers - 1) * copies * states * self._directions
        whole = self._directions == 1 and self.output == "sequence"
        return Saved(output=whole, numbers=numbers - states * whole)

    def _workspaces(self, length: int, features: int) -> int:
        first = self._workspace(length, features)
        later = self._workspace(length, self.hidden_size * self._directions)
        return self._directions * (first + (self.num_layers - 1) * later)

    def _workspace(self, length: int, features: int) -> int:
        hidden, widest = _lines(self.hidden_size), _lines(max(features, self.hidden_size))
        own = (8.375 * length + 3.25) * hidden
        return round(own + 6.75 * (length + 1) * widest)

    @staticmethod
    def _final(state: Any) -> Any:
        return state[0]

    @staticmethod
    def _final_source() -> str:
        return "(h_n, _)"

    def formula(self, in_shape: Shape) -> str:
        size = f"i, f, g, o from 4 · {self.hidden_size} × ({in_shape[1]} + {self.hidden_size})"
        return f"cₜ = f·cₜ₋₁ + i·g,  hₜ = o·tanh(cₜ);  {size}"


def _lines(values: int) -> int:
    """Rounded up to whole cache lines, of 16 numbers each."""
    return -(-values // 16) * 16


class GRU(_Recurrent):
    """torch.nn.GRU over (length, features); `input_size` follows from the input."""

    summary: ClassVar[str] = (
        "Reads a sequence step by step; two gates decide what of its state to renew."
    )
    short: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3

    def _gates_saved(self, length: int) -> int:
        return 7 * length * self.hidden_size

    def formula(self, in_shape: Shape) -> str:
        size = f"r, z, n from 3 · {self.hidden_size} × ({in_shape[1]} + {self.hidden_size})"
        return f"hₜ = (1 − z)·n + z·hₜ₋₁;  {size}"
