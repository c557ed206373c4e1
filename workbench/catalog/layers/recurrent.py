"""Recurrent layers: one step of a sequence after the other.

Each gate multiplies the step's features and the state behind the step before, as in the
documentation of `torch.nn.LSTM` and `torch.nn.GRU`. Only these products are counted.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.layers.geometry import bounded
from workbench.catalog.layers.repairs import needs_sequence
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Shape, Window, counted
from workbench.core.spec import Fraction, Size


class _Recurrent(LayerSpec, abstract=True):
    category: ClassVar[str] = "Recurrent"
    positional: ClassVar[tuple[str, ...]] = ("input_size", "hidden_size")
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
    gates: ClassVar[int] = 1

    nonlinearity: Literal["tanh", "relu"] = Field(
        default="tanh", title="Nonlinearity", description="What bends the new state."
    )

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

    @staticmethod
    def _final(state: Any) -> Any:
        return state[0]

    @staticmethod
    def _final_source() -> str:
        return "(h_n, _)"

    def formula(self, in_shape: Shape) -> str:
        size = f"i, f, g, o from 4 · {self.hidden_size} × ({in_shape[1]} + {self.hidden_size})"
        return f"cₜ = f·cₜ₋₁ + i·g,  hₜ = o·tanh(cₜ);  {size}"


class GRU(_Recurrent):
    """torch.nn.GRU over (length, features); `input_size` follows from the input."""

    summary: ClassVar[str] = (
        "Reads a sequence step by step; two gates decide what of its state to renew."
    )
    short: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3

    def formula(self, in_shape: Shape) -> str:
        size = f"r, z, n from 3 · {self.hidden_size} × ({in_shape[1]} + {self.hidden_size})"
        return f"hₜ = (1 − z)·n + z·hₜ₋₁;  {size}"
