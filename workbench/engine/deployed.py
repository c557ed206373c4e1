"""A trained network with its preparation inside: raw samples in, probabilities or values out."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from workbench.core.data import SPLITS, DatasetSpec, Samples, Split, ended
from workbench.core.project import Project
from workbench.core.raw import Encoding, Feature
from workbench.engine.batches import loaded, normalization
from workbench.engine.preparation import Normalization, Preparation

BATCH = 256
"""Samples that are run at once."""


class Deployed(nn.Module):
    """On the CPU, in evaluation mode. Inputs (n, *shape) are as the data's files hold them: bytes
    of images, columns of a table with codes of categories and NaN where a value is missing.

    Gives probabilities (n, classes), or values (n,) in the unit of the target.
    """

    def __init__(
        self,
        project: Project,
        network: nn.Module,
        moments: Normalization,
        encoding: Encoding | None,
    ) -> None:
        super().__init__()
        self.encoding = encoding
        self.steps = Preparation(project.data, moments, torch.device("cpu"))
        self.prepare = _Prepare(self.steps, encoding)
        self.network = network
        self._loss, self._info = project.train.loss, project.data.info()
        self.eval()

    def forward(self, inputs: Tensor) -> Tensor:
        """What is predicted for a batch."""
        return self._loss.probabilities(self.network(self.prepare(inputs)), self._info)


class _Prepare(nn.Module):
    """What evaluation does to a batch before the network."""

    def __init__(self, steps: Preparation, encoding: Encoding | None) -> None:
        super().__init__()
        self.encode = _Encode(encoding) if encoding else nn.Identity()
        self._steps = steps

    def forward(self, inputs: Tensor) -> Tensor:
        return self._steps.evaluated(self.encode(inputs))


class _Encode(nn.Module):
    """Rows (n, columns) as `encoding.encoded` has them, (n, features)."""

    places: Tensor
    codes: Tensor
    is_code: Tensor
    is_lack: Tensor
    instead: Tensor

    def __init__(self, encoding: Encoding) -> None:
        super().__init__()
        features = encoding.features
        self._hold("places", [feature.place for feature in features], torch.int64)
        self._hold("codes", [_code(feature) for feature in features], torch.float32)
        self._hold("is_code", [feature.code is not None for feature in features], torch.bool)
        self._hold("is_lack", [feature.lacks for feature in features], torch.bool)
        self._hold("instead", encoding.instead, torch.float32)

    def _hold(self, name: str, values: Sequence[Any], dtype: torch.dtype) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=dtype))

    def forward(self, rows: Tensor) -> Tensor:
        lacking = rows.isnan()
        filled = torch.where(lacking, self.instead, rows).index_select(1, self.places)
        coded = torch.where(self.is_code, (filled == self.codes).float(), filled)
        return torch.where(self.is_lack, lacking.index_select(1, self.places).float(), coded)


def _code(feature: Feature) -> float:
    return 0.0 if feature.code is None else float(feature.code)


class Source(NamedTuple):
    """What goes into a deployed network: how columns are encoded, if they are, and samples."""

    encoding: Encoding | None
    split: Split
    samples: Samples

    @property
    def dtype(self) -> torch.dtype:
        """Bytes stay bytes; all else is float32."""
        return torch.uint8 if self.samples.inputs.dtype == np.uint8 else torch.float32

    def example(self) -> Tensor:
        """Two samples: with one, an exporter would take the size of a batch for a constant."""
        (first,) = self._taken(0, 1)
        return first.expand(2, *first.shape[1:]).contiguous()

    def batches(self) -> Iterator[Tensor]:
        """All samples in order."""
        for start in range(0, len(self.samples.targets), BATCH):
            yield from self._taken(start, start + BATCH)

    def _taken(self, start: int, end: int) -> Iterator[Tensor]:
        yield torch.from_numpy(np.ascontiguousarray(self.samples.inputs[start:end])).to(self.dtype)


def source(data: DatasetSpec, split: Split | None = None) -> Source:
    """The samples of a split as they are before preparation; None is the test, or validation
    where there is none, or training.

    Raises:
        UserError: the data can't be loaded.
    """
    found = ended(data.unprepared.raw_samples())
    splits = found.splits if found else loaded(data)
    filled = (name for name in reversed(SPLITS) if len(splits[name].targets))
    chosen: Split = next(filled) if split is None else split
    return Source(found.encoding if found else None, chosen, splits[chosen])


def deployed(project: Project, network: nn.Module, encoding: Encoding | None) -> Deployed:
    """The network with the preparation of the project around it.

    Raises:
        UserError: the data can't be loaded.
    """
    return Deployed(project, network, normalization(project.data), encoding)
