"""Attention: every step of a sequence looks at every other one.

Attention Is All You Need, Vaswani et al. 2017.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.layers.normalization import Epsilon
from workbench.catalog.layers.repairs import nearest_divisors, needs_sequence, offers
from workbench.core.errors import UserError
from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, Window, counted
from workbench.core.spec import Fraction, Size

Heads = Annotated[int, Field(strict=True, ge=1, le=4096)]


class _Attention(LayerSpec, abstract=True):
    category: ClassVar[str] = "Attention"
    heads_name: ClassVar[str]
    bias: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Bias", description="Add learned numbers behind every product."
    )

    @property
    def _heads(self) -> int:
        heads: int = getattr(self, self.heads_name)
        return heads

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_sequence(self, in_shape, rows_first=False)
        if in_shape[1] % self._heads:
            near = nearest_divisors(in_shape[1], self._heads)
            raise ShapeError(
                "has {name}={heads}, which must divide its {features} features.",
                fixes=offers(in_shape, map(self._with_heads, near)),
                name=self.heads_name,
                heads=self._heads,
                features=in_shape[1],
            )
        return in_shape

    def _with_heads(self, heads: int) -> Fix:
        name = self.heads_name
        return Fix("set {name}={heads}", (self.replace(**{name: heads}),), name=name, heads=heads)

    def _attention_weights(self, features: int) -> int:
        """Query, key, value and output are four square matrices."""
        return 4 * features * features

    def _attention_products(self, in_shape: Shape) -> int:
        """The matrices at each step, and each step with each other: once to compare, once to add
        up."""
        length, features = in_shape
        return length * self._attention_weights(features) + 2 * length * length * features

    def _attention_saved(self, in_shape: Shape, dropout: float) -> int:
        """Input, query, key, value and output; with dropout no fused kernel, so that the looks of
        each step at each other are kept as well: what softmax gave, the mask and their product."""
        length, features = in_shape
        if not dropout:
            return 5 * length * features + self._heads * length
        return 7 * length * features + 3 * self._heads * length * length

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def formula(self, in_shape: Shape) -> str:
        size = in_shape[1] // self._heads
        heads = counted(self._heads, "head", "heads")
        return f"softmax(QKᵀ / √{size})·V,  {heads} of {size} features"


class MultiheadAttention(_Attention):
    """torch.nn.MultiheadAttention as self-attention over (length, features); `embed_dim` follows
    from the input."""

    summary: ClassVar[str] = (
        "Lets every step of a sequence gather what it needs from all steps, in several ways."
    )
    short: ClassVar[str] = "attention"
    positional: ClassVar[tuple[str, ...]] = ("embed_dim", "num_heads")
    others: ClassVar[tuple[str, ...]] = ("dropout", "bias")
    heads_name: ClassVar[str] = "num_heads"

    num_heads: Heads = Field(
        default=1, title="Heads", description="In how many ways; it must divide the features."
    )
    dropout: Fraction = Field(
        default=0.0,
        title="Dropout",
        description="Share of the looks that are left out while training.",
    )

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        raise UserError(
            "The network has a {kind} in an nn.Sequential, which can't hand it its three inputs. "
            "Load its parameters only instead.",
            kind=cls.__name__,
        )

    def parameter_count(self, in_shape: Shape) -> int:
        return self._attention_weights(in_shape[1]) + 4 * in_shape[1] * self.bias

    def multiply_adds(self, in_shape: Shape) -> int:
        return self._attention_products(in_shape)

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        required = {"embed_dim": in_shape[1], "num_heads": self.num_heads}
        return required | super().arguments(in_shape) | {"batch_first": True}

    def call(self, module: Any, x: Any) -> Any:
        return module(x, x, x, need_weights=False)[0]

    def call_source(self, module: str, x: str, in_shape: Shape) -> list[str]:
        return [f"{x}, _ = {module}({x}, {x}, {x}, need_weights=False)"]

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(numbers=self._attention_saved(in_shape, self.dropout))

    def words(self) -> str:
        return counted(self.num_heads, "head", "heads")


class TransformerEncoderLayer(_Attention):
    """torch.nn.TransformerEncoderLayer over (length, features); `d_model` follows from them."""

    summary: ClassVar[str] = (
        "Self-attention, then a small network for each step, both with shortcut and normalization."
    )
    short: ClassVar[str] = "encoder"
    positional: ClassVar[tuple[str, ...]] = ("d_model", "nhead")
    others: ClassVar[tuple[str, ...]] = (
        "dim_feedforward",
        "dropout",
        "activation",
        "layer_norm_eps",
        "batch_first",
        "norm_first",
        "bias",
    )
    heads_name: ClassVar[str] = "nhead"

    nhead: Heads = Field(
        default=1, title="Heads", description="Heads of attention; it must divide the features."
    )
    dim_feedforward: Size = Field(
        default=2048, title="Inner features", description="Width of the network for each step."
    )
    dropout: Fraction = Field(
        default=0.1,
        title="Dropout",
        description="Share of the values that are set to zero while training.",
    )
    activation: Literal["relu", "gelu"] = Field(
        default="relu", title="Activation", description="What bends the inner features."
    )
    layer_norm_eps: Epsilon = Field(
        default=1e-5, title="Epsilon", description="Added to the variance, against division by 0."
    )
    norm_first: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Normalize first",
        description="Normalize in front of attention and network rather than behind them.",
    )

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        if not module.self_attn.batch_first:
            raise UserError(
                "The network has a {kind} without batch_first=True. Load its parameters only "
                "instead.",
                kind=cls.__name__,
            )
        return {
            "nhead": module.self_attn.num_heads,
            "dim_feedforward": module.linear1.out_features,
            "dropout": module.dropout.p,
            "activation": getattr(module.activation, "__name__", str(module.activation)),
            "layer_norm_eps": module.norm1.eps,
            "norm_first": module.norm_first,
            "bias": module.linear1.bias is not None,
        }

    def parameter_count(self, in_shape: Shape) -> int:
        features, inner = in_shape[1], self.dim_feedforward
        weights = self._attention_weights(features) + 2 * features * inner + 2 * features
        biases = 4 * features + inner + features + 2 * features
        return weights + biases * self.bias

    def multiply_adds(self, in_shape: Shape) -> int:
        inner = 2 * in_shape[0] * in_shape[1] * self.dim_feedforward
        return self._attention_products(in_shape) + inner

    def saved(self, in_shape: Shape) -> Saved:
        length, features = in_shape
        numbers = self._attention_saved(in_shape, self.dropout)
        # beside it the inputs of both normalizations and of both products of the inner network
        numbers += length * (3 * features + 4 + self.dim_feedforward)
        if self.dropout:
            numbers += length * (2 * features + 2 * self.dim_feedforward)
        elif self.activation == "gelu":
            numbers += length * self.dim_feedforward
        return Saved(self.norm_first, numbers=numbers - length * features * self.norm_first)

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        required = {"d_model": in_shape[1], "nhead": self.nhead}
        return required | super().arguments(in_shape) | {"batch_first": True}

    def words(self) -> str:
        told = f"{counted(self.nhead, 'head', 'heads')} · {self.dim_feedforward} inner features"
        return told + (" · normalized first" if self.norm_first else "")
