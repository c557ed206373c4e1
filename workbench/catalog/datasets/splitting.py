"""Splitting loaded samples as a `DatasetSpec` says."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.core.data import DatasetSpec, Samples, Split, held_back

if TYPE_CHECKING:
    from numpy.typing import NDArray


def with_val(spec: DatasetSpec, train: Samples, test: Samples) -> Mapping[Split, Samples]:
    """`train` with its validation share held back by the spec's seed, and `test` as it is."""
    rest, val = divided(train, spec.val_fraction, spec.split_seed)
    return {"train": rest, "val": val, "test": test}


def val_source(spec: DatasetSpec) -> str:
    """The same as a line of Python that splits `inputs` and `targets`."""
    return (
        "train_inputs, train_targets, val_inputs, val_targets = "
        f"split(inputs, targets, {spec.val_fraction!r}, seed={spec.split_seed})"
    )


def divided(samples: Samples, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Samples without and with the drawn share, stratified where targets are classes."""
    import numpy as np

    total = len(samples.targets)
    classes = samples.targets.tolist() if samples.targets.dtype.kind == "i" else None
    chosen = np.zeros(total, dtype=bool)
    chosen[held_back(classes, total, fraction, seed)] = True
    return _where(samples, ~chosen), _where(samples, chosen)


def _where(samples: Samples, chosen: "NDArray[Any]") -> Samples:
    return Samples(samples.inputs[chosen], samples.targets[chosen])
