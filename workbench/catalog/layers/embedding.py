"""Embeddings of words and other numbered things."""

from math import prod
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from workbench.catalog.layers.geometry import bounded
from workbench.catalog.layers.repairs import offers
from workbench.catalog.layers.reshape import Flatten
from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, shape_text
from workbench.core.reasons import Refused
from workbench.core.spec import Size


class Embedding(LayerSpec):
    """torch.nn.Embedding of (length,) whole numbers as (length, embedding_dim)."""

    category: ClassVar[str] = "Embedding"
    summary: ClassVar[str] = "Looks up a learned vector for each number of a sequence, as of words."
    short: ClassVar[str] = "embedding"
    positional: ClassVar[tuple[str, ...]] = ("num_embeddings", "embedding_dim")

    num_embeddings: Size = Field(
        default=1_000,
        title="Vocabulary",
        description="How many different numbers there are; the largest is one below.",
    )
    embedding_dim: Size = Field(
        default=64, title="Features", description="Length of the vector of each number."
    )
    padding_idx: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] | None = Field(
        default=None,
        title="Padding number",
        description="The number that fills up short sequences; its vector stays zero.",
    )

    @model_validator(mode="after")
    def _padding_is_in_the_vocabulary(self) -> Self:
        if self.padding_idx is not None and self.padding_idx >= self.num_embeddings:
            raise Refused("the padding number must be below the size of the vocabulary")
        return self

    def out_shape(self, in_shape: Shape) -> Shape:
        if len(in_shape) != 1:
            raise ShapeError(
                "gets {came}, needs a row of whole numbers.",
                fixes=offers(in_shape, [Fix("insert Flatten", (Flatten(), self))]),
                came=shape_text(in_shape),
            )
        return bounded(self, (*in_shape, self.embedding_dim))

    def parameter_count(self, in_shape: Shape) -> int:
        return self.num_embeddings * self.embedding_dim

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(bytes=8 * prod(in_shape))  # its numbers as int64

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        required = {"num_embeddings": self.num_embeddings, "embedding_dim": self.embedding_dim}
        return required | super().arguments(in_shape)

    def call(self, module: Any, x: Any) -> Any:
        return module(x.long())

    def call_source(self, module: str, x: str, in_shape: Shape) -> list[str]:
        return [f"{x} = {module}({x}.long())"]

    def words(self) -> str:
        return f"{self.num_embeddings:,} numbers · {self.embedding_dim} features"

    def formula(self, in_shape: Shape) -> str:
        return f"y = W[x];  W is {self.num_embeddings} × {self.embedding_dim}"
