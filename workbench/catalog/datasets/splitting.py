"""Splitting loaded samples as a `DatasetSpec` says."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from workbench.catalog.datasets.rows import Rows
from workbench.core.data import SPLITS, DatasetSpec, Samples, Split
from workbench.core.held_back import held_back
from workbench.core.spec import Fraction

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLIT_WORDS: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What folders, columns and arrays call the splits, in small letters."""


class WithTestShare(DatasetSpec, abstract=True):
    """A source whose samples are parted by shares, unless they say themselves what they are for."""

    test_fraction: Fraction = Field(
        default=0.1,
        title="Test share",
        description="Share of all samples that training never sees, kept for the final figures.",
    )

    def counts(self) -> Mapping[Split, int]:
        """How many samples are for each split by themselves, where the source says it."""
        return {}

    def matters(self, field: str) -> bool:
        given = {split for split, count in self.counts().items() if count}
        if field == "test_fraction":
            return "test" not in given
        if field in ("val_fraction", "folds", "fold") and "val" in given:
            return False
        if field in ("split_seed", "stratify") and {"val", "test"} <= given:
            return False
        return super().matters(field)

    def sizes(self, counts: Mapping[Split, int]) -> dict[Split, int]:
        """Sizes of the splits, given how many samples are for each by themselves; without any
        for `val` or `test` these get their share of the samples for `train`."""
        rest, test = counts["train"], counts.get("test", 0)
        if not test:
            test = round(rest * self.test_fraction)
            rest -= test
        if val := counts.get("val", 0):
            return {"train": rest, "val": val, "test": test}
        return self.split_sizes(rest, test)

    def split(self, given: Mapping[Split, Samples]) -> dict[Split, Samples]:
        """`given` samples in all three splits, as `sizes` says."""
        held = {split: samples for split, samples in given.items() if len(samples.targets)}
        rest = given["train"]
        if "test" not in held:
            targets = _classes(self, rest)
            seed, total = self.split_seed, len(rest.targets)
            chosen = held_back(targets, total, self.test_fraction, seed)
            rest, held["test"] = divided(rest, chosen)
        if "val" in held:
            return {"train": rest, "val": held["val"], "test": held["test"]}
        return with_val(self, rest, held["test"])


def with_val(spec: DatasetSpec, train: Samples, test: Samples) -> dict[Split, Samples]:
    """`train` without the samples that validate by the spec, these, and `test` as it is."""
    chosen = spec.validating(_classes(spec, train), len(train.targets))
    rest, val = divided(train, chosen)
    return {"train": rest, "val": val, "test": test}


def divided(samples: Samples, chosen: list[int]) -> tuple[Samples, Samples]:
    """Samples without and with the chosen ones."""
    import numpy as np

    held = np.zeros(len(samples.targets), dtype=bool)
    held[chosen] = True
    return where(samples, ~held), where(samples, held)


def where(samples: Samples, chosen: "NDArray[Any]") -> Samples:
    """The samples for which `chosen` is true."""
    inputs = samples.inputs
    kept = inputs.picked(chosen) if isinstance(inputs, Rows) else inputs[chosen]
    return Samples(kept, samples.targets[chosen])


def by_part(samples: Samples, parts: "NDArray[Any]") -> dict[Split, Samples]:
    """Samples by what each is for: the place of its split in `SPLITS`."""
    return {split: where(samples, parts == place) for place, split in enumerate(SPLITS)}


def _classes(spec: DatasetSpec, samples: Samples) -> list[int] | None:
    """What is to be taken evenly: the classes, if there are any and it is wished."""
    of_classes = spec.stratify and samples.targets.dtype.kind == "i"
    return samples.targets.tolist() if of_classes else None
