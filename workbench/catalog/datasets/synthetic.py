"""Sets made by a formula: points in the plane to see a boundary."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from workbench.catalog.datasets.splitting import WithTestShare
from workbench.core.data import DatasetInfo, Samples, Split
from workbench.core.source import Source
from workbench.core.spec import Number

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


POLAR = "radius * np.cos(angle), radius * np.sin(angle)"


class Synthetic(WithTestShare, abstract=True):
    """Samples drawn by a seed; `draw` gives them without noise."""

    samples: Annotated[int, Field(strict=True, ge=10, le=1_000_000)] = Field(
        default=1000, title="Samples", description="How many samples are drawn."
    )
    noise: Annotated[Number, Field(ge=0.0, le=10.0)] = Field(
        default=0.1,
        title="Noise",
        description="Standard deviation of what is added: to both coordinates of points, to the "
        "value of a curve.",
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)] = Field(
        default=0, title="Seed", description="The same seed draws the same samples."
    )

    def load(self) -> Mapping[Split, Samples]:
        import numpy as np

        # PCG64 by name: `default_rng` may become another generator, and samples would change.
        return self.split({"train": self.drawn(np.random.Generator(np.random.PCG64(self.seed)))})

    def drawn(self, draw: "Generator") -> Samples:
        """All samples, with noise."""
        raise NotImplementedError

    def source(self) -> Source:
        start = f"draw = np.random.Generator(np.random.PCG64({self.seed}))"
        return Source((start, *self.drawn_source()), ("import numpy as np",))

    def drawn_source(self) -> tuple[str, ...]:
        """What `drawn` does, as Python."""
        raise NotImplementedError


class _Points(Synthetic, abstract=True):
    """Points in the plane, (x, y), of two or more classes that take turns."""

    number_of_classes: ClassVar[int] = 2

    @property
    def count_of_classes(self) -> int:
        """How many classes there are."""
        return self.number_of_classes

    def source_info(self) -> DatasetInfo:
        return DatasetInfo(
            title=self.title,
            origin="made by a formula",
            shape=(2,),
            task="classification",
            sizes=self.sizes({"train": self.samples}),
            classes=tuple(f"class {label}" for label in range(self.count_of_classes)),
            features=("x", "y"),
        )

    def drawn(self, draw: "Generator") -> Samples:
        import numpy as np

        labels = np.arange(self.samples, dtype=np.int64) % self.count_of_classes
        points = self.points(labels, draw)
        points += draw.normal(scale=self.noise, size=points.shape)
        return Samples(points.astype(np.float32), labels)

    def points(self, labels: "NDArray[Any]", draw: "Generator") -> "NDArray[Any]":
        """A point (n, 2) for each label, without noise."""
        raise NotImplementedError

    def drawn_source(self) -> tuple[str, ...]:
        *before, points = self.points_source()
        return (
            f"targets = np.arange({self.samples}, dtype=np.int64) % {self.count_of_classes}",
            *before,
            f"points = np.column_stack([{points}])",
            f"points += draw.normal(scale={self.noise!r}, size=points.shape)",
            "inputs = points.astype(np.float32)",
        )

    def points_source(self) -> tuple[str, ...]:
        """What `points` does: lines, and the two coordinates at last."""
        raise NotImplementedError


class Moons(_Points):
    """Two half circles that reach into each other, as sklearn.datasets.make_moons."""

    title: ClassVar[str] = "Moons"
    summary: ClassVar[str] = "Points of two half circles that reach into each other"

    def points(self, labels: "NDArray[Any]", draw: "Generator") -> "NDArray[Any]":
        import numpy as np

        angle = draw.uniform(0, math.pi, len(labels))
        upper = labels == 0
        x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
        return np.column_stack([x, np.where(upper, np.sin(angle), 0.5 - np.sin(angle))])

    def points_source(self) -> tuple[str, ...]:
        return (
            "upper = targets == 0",
            "angle = draw.uniform(0, np.pi, len(targets))",
            "x = np.where(upper, np.cos(angle), 1 - np.cos(angle))",
            "y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))",
            "x, y",
        )


class Circles(_Points):
    """A circle around another of half its radius, as sklearn.datasets.make_circles."""

    title: ClassVar[str] = "Circles"
    summary: ClassVar[str] = "Points of a circle within another: no line parts them"

    def points(self, labels: "NDArray[Any]", draw: "Generator") -> "NDArray[Any]":
        import numpy as np

        angle = draw.uniform(0, 2 * math.pi, len(labels))
        radius = np.where(labels == 0, 1.0, 0.5)
        return _polar(radius, angle)

    def points_source(self) -> tuple[str, ...]:
        return (
            "angle = draw.uniform(0, 2 * np.pi, len(targets))",
            "radius = np.where(targets == 0, 1.0, 0.5)",
            POLAR,
        )


class Spirals(_Points):
    """Arms that wind around each other: Lang and Witbrock, Learning to tell two spirals apart,
    1988."""

    title: ClassVar[str] = "Spirals"
    summary: ClassVar[str] = "Points of arms that wind around each other: hard for few neurons"

    classes: Annotated[int, Field(strict=True, ge=2, le=10)] = Field(
        default=2, title="Arms", description="How many spirals there are, each a class."
    )
    turns: Annotated[Number, Field(gt=0.0, le=5.0)] = Field(
        default=1.5, title="Turns", description="How often an arm winds around the centre."
    )
    noise: Annotated[Number, Field(ge=0.0, le=10.0)] = Field(
        default=0.02,
        title="Noise",
        description="Standard deviation of what is added to both coordinates.",
    )

    @property
    def count_of_classes(self) -> int:
        return self.classes

    def points(self, labels: "NDArray[Any]", draw: "Generator") -> "NDArray[Any]":
        import numpy as np

        along = np.sqrt(draw.uniform(0.01, 1, len(labels)))  # as dense outside as inside
        start = 2 * math.pi * labels / self.classes
        return _polar(along, start + 2 * math.pi * self.turns * along)

    def points_source(self) -> tuple[str, ...]:
        return (
            "radius = np.sqrt(draw.uniform(0.01, 1, len(targets)))  # as dense outside as inside",
            f"start = 2 * np.pi * targets / {self.classes}",
            f"angle = start + 2 * np.pi * {self.turns!r} * radius",
            POLAR,
        )


class XOR(_Points):
    """Four clouds, those of opposite corners of one class: Minsky and Papert, Perceptrons, 1969."""

    title: ClassVar[str] = "XOR"
    summary: ClassVar[str] = "Four clouds, opposite ones of a class: too hard for one neuron"

    noise: Annotated[Number, Field(ge=0.0, le=10.0)] = Field(
        default=0.3,
        title="Noise",
        description="Standard deviation of what is added to both coordinates.",
    )

    def points(self, labels: "NDArray[Any]", draw: "Generator") -> "NDArray[Any]":
        import numpy as np

        x = draw.choice([-1.0, 1.0], len(labels))
        return np.column_stack([x, np.where(labels == 0, x, -x)])

    def points_source(self) -> tuple[str, ...]:
        return ("x = draw.choice([-1.0, 1.0], len(targets))", "x, np.where(targets == 0, x, -x)")


class Blobs(_Points):
    """Round clouds, their centres evenly on a circle, so that none hides another."""

    title: ClassVar[str] = "Blobs"
    summary: ClassVar[str] = "Round clouds of points, one for each class: the easiest set"

    classes: Annotated[int, Field(strict=True, ge=2, le=20)] = Field(
        default=3, title="Clouds", description="How many clouds there are, each a class."
    )
    noise: Annotated[Number, Field(ge=0.0, le=10.0)] = Field(
        default=0.3,
        title="Noise",
        description="Standard deviation of a cloud in both directions.",
    )

    @property
    def count_of_classes(self) -> int:
        return self.classes

    def points(self, labels: "NDArray[Any]", draw: "Generator") -> "NDArray[Any]":
        import numpy as np

        return _polar(np.ones(len(labels)), 2 * math.pi * labels / self.classes)

    def points_source(self) -> tuple[str, ...]:
        angle = f"angle = 2 * np.pi * targets / {self.classes}"
        return (angle, "np.cos(angle), np.sin(angle)")


def _polar(radius: "NDArray[Any]", angle: "NDArray[Any]") -> "NDArray[Any]":
    import numpy as np

    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
