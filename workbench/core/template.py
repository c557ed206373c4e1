"""`Template`: a ready project, fitted to the data that it is asked for."""

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.core.data import DatasetInfo, DatasetSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.shelf import Shelf
from workbench.core.train import LossSpec, OptimizerSpec, TrainConfig, default_loss, fits

TOPICS = ("Basics", "Images", "Sequences")


class Template:
    """A network and a recipe under a name; subclasses put themselves on the shelf."""

    shelf: ClassVar[Shelf["Template"]] = Shelf()

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    """One line: what it is good for."""
    dataset: ClassVar[str]
    """The dataset that it starts with, by its name on the shelf."""
    loss: ClassVar[str] = "CrossEntropyLoss"
    topic: ClassVar[str] = "Basics"
    """What it stands under in menus and lists; one of `TOPICS`."""
    year: ClassVar[int] = 0
    """In which its network was published; templates of a topic stand in this order."""
    optimizer: ClassVar[dict[str, Any]] = {"type": "Adam"}
    adapts: ClassVar[bool] = True
    """Whether another loss may stand in where this one does not suit the data."""
    recipe: ClassVar[dict[str, Any]] = {}
    """Fields of `TrainConfig` that differ from its defaults."""

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        if not abstract:
            Template.shelf.put(cls.name, cls)

    @staticmethod
    def by_topic() -> list[type["Template"]]:
        """The shelf in the order in which people learn: by topic, and there by history."""
        kinds = Template.shelf.values()
        return sorted(kinds, key=lambda kind: (TOPICS.index(kind.topic), kind.year))

    @staticmethod
    def usual(info: DatasetInfo) -> type["Template"]:
        """The one to begin with on such data."""
        name = {3: "small_cnn", 2: "gru_classifier"}.get(len(info.shape), "mlp")
        return Template.shelf[name]

    @classmethod
    def layers(cls, info: DatasetInfo, outputs: int) -> Sequence[LayerSpec]:
        """The stack for samples of this shape with this many outputs."""
        raise NotImplementedError

    @classmethod
    def project(cls, data: DatasetSpec | None = None) -> Project:
        """The template on `data`, or on the dataset that it starts with.

        Raises:
            UserError: the template's network can't take the data.
        """
        data = data or DatasetSpec.named(cls.dataset)()
        info = data.info()
        loss = LossSpec.named(cls.loss)()
        if not fits(loss, info):
            if not cls.adapts:
                raise UserError(
                    "{template} needs classes, and {data} has a number as its target. "
                    "Choose Linear regression (linear_regression).",
                    template=cls.title,
                    data=info.title,
                )
            loss = default_loss(info)
        layers = cls.layers(info, loss.out_shape(info)[0])
        project = Project(
            model=ModelSpec(layers=tuple(layers)),
            data=data,
            train=TrainConfig(
                loss=loss, optimizer=OptimizerSpec.model_validate(cls.optimizer), **cls.recipe
            ),
        )
        project.check()
        return project
