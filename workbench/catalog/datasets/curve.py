"""Curves made by a formula, to be fitted."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.datasets.synthetic import Synthetic
from workbench.core.data import DatasetInfo, Samples

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


class Curve(Synthetic):
    """A function of one number, x from -1 to 1, to be fitted."""

    title: ClassVar[str] = "Curve"
    summary: ClassVar[str] = "A function of one number, with noise: to see a network fit a curve"

    function: Literal["line", "parabola", "sine", "step", "absolute", "sinc"] = Field(
        default="sine", title="Function", description="What is to be fitted."
    )

    def source_info(self) -> DatasetInfo:
        return DatasetInfo(
            title=self.title,
            origin="made by a formula",
            shape=(1,),
            task="regression",
            sizes=self.sizes({"train": self.samples}),
            features=("x",),
            target=f"{self.function} of x",
        )

    def drawn(self, draw: "Generator") -> Samples:
        import numpy as np

        x = draw.uniform(-1, 1, self.samples)
        y = _functions()[self.function](x) + draw.normal(scale=self.noise, size=len(x))
        return Samples(x[:, None].astype(np.float32), y.astype(np.float32))

    def drawn_source(self) -> tuple[str, ...]:
        return (
            f"x = draw.uniform(-1, 1, {self.samples})",
            f"y = {FORMULAS[self.function]} + draw.normal(scale={self.noise!r}, size=len(x))",
            "inputs, targets = x[:, None].astype(np.float32), y.astype(np.float32)",
        )


FORMULAS = {
    "line": "x",
    "parabola": "x**2",
    "sine": "np.sin(2 * np.pi * x)",
    "step": "np.where(x > 0, 1.0, 0.0)",
    "absolute": "np.abs(x)",
    "sinc": "np.sinc(4 * x)",
}
"""`_functions`, as Python."""


def _functions() -> dict[str, "Callable[[NDArray[Any]], NDArray[Any]]"]:
    import numpy as np

    return {
        "line": lambda x: x,
        "parabola": lambda x: x**2,
        "sine": lambda x: np.sin(2 * np.pi * x),
        "step": lambda x: np.where(x > 0, 1.0, 0.0),
        "absolute": np.abs,
        "sinc": lambda x: np.sinc(4 * x),
    }
