"""Photographs in colour of torchvision."""

from typing import Any, ClassVar

from workbench.catalog.datasets.vision import VisionSource
from workbench.catalog.datasets.vision_download import RemoteFile, archive
from workbench.core.layer import Shape

HUNDRED = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile
cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp
lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""


class CIFAR10(VisionSource):
    """torchvision.datasets.CIFAR10; its files are only unpickled when their MD5 is known."""

    title: ClassVar[str] = "CIFAR-10"
    summary: ClassVar[str] = "60,000 colour photographs, 32×32, ten classes"
    shape: ClassVar[Shape] = (3, 32, 32)
    train_size: ClassVar[int] = 50_000
    classes: ClassVar[tuple[str, ...]] = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )

    def remote_files(self, kind: Any) -> list[RemoteFile]:
        return archive(kind)


class CIFAR100(CIFAR10):
    """torchvision.datasets.CIFAR100; its files are only unpickled when their MD5 is known."""

    title: ClassVar[str] = "CIFAR-100"
    summary: ClassVar[str] = "60,000 colour photographs, 32×32, a hundred classes"
    classes: ClassVar[tuple[str, ...]] = tuple(HUNDRED.split())


class SVHN(VisionSource):
    """torchvision.datasets.SVHN."""

    title: ClassVar[str] = "SVHN"
    summary: ClassVar[str] = "99,289 house numbers in colour, 32×32, ten classes"
    shape: ClassVar[Shape] = (3, 32, 32)
    train_size: ClassVar[int] = 73_257
    test_size: ClassVar[int] = 26_032

    def arguments(self, train: bool) -> dict[str, object]:
        return {"split": "train" if train else "test"}

    def pixels_source(self, data: str) -> str:
        return data

    def targets_source(self, part: str) -> str:
        return f"np.asarray({part}.labels, dtype=np.int64)"


class STL10(SVHN):
    """torchvision.datasets.STL10, without the samples that have no label."""

    title: ClassVar[str] = "STL-10"
    summary: ClassVar[str] = "13,000 colour photographs, 96×96, ten classes"
    shape: ClassVar[Shape] = (3, 96, 96)
    train_size: ClassVar[int] = 5000
    test_size: ClassVar[int] = 8000
    classes: ClassVar[tuple[str, ...]] = (
        "airplane",
        "bird",
        "car",
        "cat",
        "deer",
        "dog",
        "horse",
        "monkey",
        "ship",
        "truck",
    )

    def remote_files(self, kind: Any) -> list[RemoteFile]:
        return archive(kind)
