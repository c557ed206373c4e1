"""`Project`: model + data + train, the whole decision and the file format."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializeAsAny

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.files import parse_json, read_text, write_atomically
from workbench.core.layer import ShapeError
from workbench.core.model import ModelSpec
from workbench.core.spec import Spec, validated
from workbench.core.train import TrainConfig, default_loss, fits
from workbench.core.walk import Step

VERSION = 1
SUFFIX = ".workbench"

# From version n to n + 1: takes the file's content, gives the content of the next version.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


class Project(Spec):
    """Everything that a person decided; immutable, so that undo is keeping the old one."""

    version: Literal[1] = 1
    model: ModelSpec
    data: SerializeAsAny[DatasetSpec]
    train: TrainConfig
    notes: str = Field(default="", max_length=100_000)

    def with_data(self, data: DatasetSpec) -> "Project":
        """A copy on other data; a loss that does not suit its task gives way to the usual one."""
        info = data.info()
        suits = fits(self.train.loss, info) and info.task == self.data.info().task
        loss = self.train.loss if suits else default_loss(info)
        return self.replace(data=data, train=self.train.replace(loss=loss))

    def walk(self) -> list[Step]:
        """Every layer with its shapes; a fault, also that of the output, is told on its layer."""
        return self.checked(self.model.walk(self.data.info().shape))

    def checked(self, steps: Sequence[Step]) -> list[Step]:
        """A walk to the network's end, with a fault of its output told on the last layer."""
        last = max((step.path for step in steps if not step.depth), default=None)
        return [self._with_output_checked(step) if step.path == last else step for step in steps]

    def _with_output_checked(self, step: Step) -> Step:
        if step.out_shape is None:
            return step
        try:
            self.train.loss.check(step.layer, step.out_shape, self.data.info())
        except ShapeError as fault:
            return changed(step, fault=fault)
        except UserError as error:
            return changed(step, fault=ShapeError(error.message, **error.values))
        return step

    def check(self) -> None:
        """See that the project can be trained.

        Raises:
            UserError: it has no layers, or a layer has a fault.
        """
        if not self.model.layers:
            raise UserError("The network has no layers yet: add one from the Layers panel.")
        if self.data.mixes and not self.train.loss.takes_probabilities:
            raise UserError(
                "{loss} takes classes, but MixUp and CutMix make class probabilities of them. "
                "Choose CrossEntropyLoss, or remove the transform.",
                loss=self.train.loss.kind,
            )
        for step in self.walk():
            if step.fault:
                raise ShapeError(
                    "{layer} {name} " + step.fault.message,
                    step.fault.fixes,
                    layer=step.layer.kind,
                    name=step.layer.name,
                    **step.fault.values,
                )

    def to_json(self) -> str:
        """The project as the text of its file."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> "Project":
        """The project that `text` tells; `where` names its origin in errors.

        Raises:
            UserError: not JSON, not a project, from a newer program, or a value out of range.
        """
        content = parse_json(text, where)
        return validated(cls, migrated(content, where), where)


def migrated(content: Any, where: str) -> dict[str, Any]:
    """The content of a project file of any known version, brought to the present one."""
    version = content.get("version") if isinstance(content, dict) else None
    if type(version) is not int or version < 1 or "model" not in content:
        raise UserError("{where} is not a workbench project. Choose another file.", where=where)
    if version > VERSION:
        raise UserError(
            "{where} was saved by a newer Torch Workbench (format {version}, this one reads up to "
            "{known}). Update the program to open it.",
            where=where,
            version=version,
            known=VERSION,
        )
    for number in range(version, VERSION):
        content = {**MIGRATIONS[number](content), "version": number + 1}
    return dict(content)


def load_project(path: Path) -> Project:
    """Read a project file.

    Raises:
        UserError: see `Project.from_json`; or the file is missing or unreadable.
    """
    return Project.from_json(read_text(path), str(path))


def save_project(project: Project, path: Path) -> None:
    """Write a project file; the old one stays whole if the disk refuses.

    Raises:
        UserError: the disk refused.
    """
    write_atomically(path, project.to_json().encode())
