"""Images of noise, to try a network or a machine without any files."""

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from workbench.catalog.datasets.splitting import WithTestShare
from workbench.core.data import DatasetInfo, Samples, Split
from workbench.core.file_source import check_room
from workbench.core.source import Source

Side = Annotated[int, Field(strict=True, ge=1, le=1024)]


class FakeData(WithTestShare):
    """torchvision.datasets.FakeData: noise in colour or grey, with classes drawn by chance."""

    title: ClassVar[str] = "Fake data"
    summary: ClassVar[str] = "Images of noise of any size: to try a network, nothing can be learned"

    size: Annotated[int, Field(strict=True, ge=10, le=100_000)] = Field(
        default=1000, title="Samples", description="How many images are drawn."
    )
    image_size: tuple[Literal[1, 3], Side, Side] = Field(
        default=(3, 32, 32),
        title="Image size",
        description="Channels (1 or 3), height and width.",
    )
    num_classes: Annotated[int, Field(strict=True, ge=2, le=1000)] = Field(
        default=10, title="Classes", description="How many classes are drawn from."
    )
    random_offset: Annotated[int, Field(strict=True, ge=0, le=2**31)] = Field(
        default=0, title="Seed", description="Added to the number of an image to seed its noise."
    )

    def source_info(self) -> DatasetInfo:
        return DatasetInfo(
            title=self.title,
            origin="made by chance",
            shape=self.image_size,
            task="classification",
            sizes=self.sizes({"train": self.size}),
            classes=tuple(map(str, range(self.num_classes))),
        )

    def load(self) -> Mapping[Split, Samples]:
        import numpy as np
        import torch

        check_room(self.title, 2 * self.size * math.prod(self.image_size))  # once more when split
        images = np.empty((self.size, *self.image_size), dtype=np.uint8)
        targets = np.empty(self.size, dtype=np.int64)
        # The same numbers as by torch.manual_seed, which takes 1 ms for each image: it notes a
        # traceback for every kind of device.
        generator = torch.Generator()
        for number in range(self.size):
            generator.manual_seed(number + self.random_offset)
            noise = torch.randn(self.image_size, generator=generator).numpy()
            images[number] = (noise * 255).astype(np.uint8)
            targets[number] = torch.randint(self.num_classes, (1,), generator=generator)
        return self.split({"train": Samples(images, targets)})

    def source(self) -> Source:
        offset = f", random_offset={self.random_offset}" if self.random_offset else ""
        pixels = "[:, None]" if self.image_size[0] == 1 else ".transpose(0, 3, 1, 2)"
        lines = (
            f"made = datasets.FakeData({self.size}, {self.image_size}, {self.num_classes}{offset})",
            "images, targets = zip(*made)",
            f"inputs = np.ascontiguousarray(np.stack(images){pixels})",
            "targets = np.array(targets, dtype=np.int64)",
        )
        return Source(lines, ("import numpy as np", "from torchvision import datasets"))
