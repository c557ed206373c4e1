"""Code that no layer says, kept as it is."""

from typing import Annotated, Any, ClassVar, NoReturn

from pydantic import Field

from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError

Text = Annotated[str, Field(max_length=100_000, strict=True)]


class Opaque(LayerSpec):
    """Python of somebody's own, which is never run here; code that is written has it again."""

    library: ClassVar[str] = ""  # it is of no library that is known here
    category: ClassVar[str] = "Blocks"
    summary: ClassVar[str] = "Code that no layer says; it is kept, and written out again as it was."
    short: ClassVar[str] = "opaque"
    verbatim: ClassVar[bool] = True
    in_palette: ClassVar[bool] = False

    reason: Annotated[str, Field(max_length=500, strict=True)] = Field(
        default="", title="Reason", description="Why it is no layer."
    )
    definitions: Text = Field(
        default="", title="Definitions", description="Classes and functions that it needs."
    )
    assignments: Text = Field(default="", title="Assignments", description="Its lines of __init__.")
    statements: Text = Field(
        default="", title="Statements", description="Its lines of forward, from x to x."
    )

    def out_shape(self, in_shape: Shape) -> NoReturn:
        raise ShapeError(
            "is code that can't be run here: {reason}.",
            fixes=[Fix("remove the layer", ())],
            reason=self.reason,
        )

    def call(self, module: Any, x: Any) -> NoReturn:
        raise NotImplementedError("code of somebody's own is never run")

    def call_source(self, module: str, x: str, in_shape: Shape) -> list[str]:
        return self.statements.split("\n") if self.statements else []

    def words(self) -> str:
        return self.statements.splitlines()[0] if self.statements else ""
