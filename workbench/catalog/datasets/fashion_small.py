"""Fashion-MNIST, small: real images that ship with the program."""

from collections.abc import Mapping
from typing import ClassVar

from workbench.catalog.datasets.splitting import with_val
from workbench.core.data import DatasetInfo, DatasetSpec, Samples, Split
from workbench.core.places import resource
from workbench.core.source import Source, beside

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


class FashionMNISTSmall(DatasetSpec):
    """6,000 + 1,000 images of Fashion-MNIST (Zalando SE, MIT licence), 28x28, ten classes."""

    title: ClassVar[str] = "Fashion-MNIST, small"
    summary: ClassVar[str] = "7,000 pictures of clothes, 28×28, ten classes; ships with the program"

    def source_info(self) -> DatasetInfo:
        return DatasetInfo(
            title=self.title,
            origin="built in",
            shape=(1, 28, 28),
            task="classification",
            sizes=self.split_sizes(6000, 1000),
            classes=CLASSES,
        )

    def load(self) -> Mapping[Split, Samples]:
        import numpy as np

        with np.load(resource("data", "fashion_mnist_6000.npz"), allow_pickle=False) as held:
            train, test = (
                Samples(held[f"{part}_images"][:, None], held[f"{part}_labels"].astype(np.int64))
                for part in ("train", "test")
            )
        return with_val(self, train, test)

    def source(self) -> Source:
        path = resource("data", "fashion_mnist_6000.npz")
        lines = (
            "with np.load(DATA) as held:",
            '    inputs = held["train_images"][:, None]',
            '    targets = held["train_labels"].astype(np.int64)',
            '    test_inputs = held["test_images"][:, None]',
            '    test_targets = held["test_labels"].astype(np.int64)',
        )
        return Source(
            lines,
            ("import numpy as np", "from pathlib import Path"),
            (path,),
            constants=(f"DATA = {beside(path)}",),
            given=("train", "test"),
        )
