"""Networks of torchvision as one layer, with a head of their own for the classes at hand.

The tables say for every stride (pixels of the input for one place of the feature maps) what a
place costs; 0 stands for what comes once. They were measured with torchvision 0.29 and are compared
with it by the tests.
"""

import re
from math import ceil
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.repairs import needs_axes, offers, reshaped
from workbench.catalog.layers.resize import Upsample
from workbench.core.errors import UserError
from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, Window, counted
from workbench.core.places import weights_dir
from workbench.core.reasons import Refused
from workbench.core.source import Source, literal
from workbench.core.spec import Size

Table = dict[int, int]
PARAMETERS = ("class_token", "pos_embedding")  # of a ViT: not in a module of their own


LOAD_WEIGHTS = '''
def load_weights(model, name, found, head):
    """Give the part of that name the weights found, but for a head of another size."""
    for path, module in model.named_modules():
        if path.rpartition(".")[2] == name:
            own, heads = module.state_dict(), (f"{head}.weight", f"{head}.bias")
            other = {key: own[key] for key in heads if found[key].shape != own[key].shape}
            module.load_state_dict({**found, **other})
'''


class Backbone(LayerSpec, abstract=True):
    """A network of `torchvision.models`; the last Linear is replaced by one for the outputs."""

    library: ClassVar[str] = "torchvision.models"
    category: ClassVar[str] = "Backbones"
    short: ClassVar[str] = "backbone"
    function: ClassVar[str]
    """Its name in `torchvision.models`."""
    published: ClassVar[str]
    """The file of its ImageNet weights, as torchvision's server names it."""
    edition: ClassVar[str] = "IMAGENET1K_V1"
    """What torchvision calls these weights; they are its DEFAULT."""
    head: ClassVar[str]
    """The name of its last Linear."""
    features: ClassVar[int]
    """How many values the head gets."""
    trunk: ClassVar[int]
    """How many parameters it has without the head."""
    stages: ClassVar[tuple[tuple[str, ...], ...]]
    """The names of its parts from the input on, which are frozen in this order."""
    smallest: ClassVar[int] = 32
    """The shortest side of an image that it takes."""
    work: ClassVar[Table]
    """Multiply-adds of the trunk."""
    kept: ClassVar[Table]
    """Numbers that autograd keeps, with no stage frozen."""

    weights: Literal["none", "imagenet", "file"] = Field(
        default="none",
        title="Weights",
        description="What training starts from: none is at random, imagenet is as published.",
    )
    file: Annotated[str, Field(strict=True, max_length=4096)] = Field(
        default="",
        title="File",
        description="The path of a state_dict, as .pth or .safetensors.",
        json_schema_extra={"files": "Weights (*.pth *.pt *.safetensors)"},
    )
    frozen: Annotated[int, Field(strict=True, ge=0, le=32)] = Field(
        default=0,
        title="Frozen stages",
        description="How many stages, counted from the input, keep their weights in training.",
    )
    out_features: Size = Field(
        default=10, title="Output features", description="Number of outputs of the new head."
    )

    @classmethod
    def full_name(cls) -> str:
        return f"{cls.library}.{cls.function}"

    @classmethod
    def fields_of_call(cls, given: dict[str, Any]) -> dict[str, Any]:
        weights = given.get("weights")
        if weights not in (None, "DEFAULT", cls.edition):
            raise UserError(
                "the weights {weights} are not those that are published here, {known}",
                weights=weights,
                known=cls.edition,
            )
        start = "none" if weights is None else "imagenet"
        return {"weights": start, "out_features": given.get("num_classes", 1000)}

    @model_validator(mode="after")
    def _has_the_frozen_stages(self) -> Self:
        if self.frozen > len(self.stages):
            stages = len(self.stages)
            raise Refused("{kind} has {stages} stages to freeze", kind=self.kind, stages=stages)
        return self

    def matters(self, field: str) -> bool:
        return field != "file" or self.weights == "file"

    def out_shape(self, in_shape: Shape) -> Shape:
        if len(in_shape) != 3:
            bringing = reshaped(in_shape, 3)
            larger = self._brought(bringing.out_shape(in_shape), bringing)
            needs_axes(self, in_shape, 2, likely=[larger])
        if in_shape[0] != 3 or not self._is_large_enough(in_shape):
            raise ShapeError(
                "gets {channels} × {height} × {width}, needs {needed}.",
                fixes=offers(in_shape, [self._brought(in_shape)]),
                channels=in_shape[0],
                height=in_shape[1],
                width=in_shape[2],
                needed=self._needed(),
            )
        return (self.out_features,)

    def _is_large_enough(self, in_shape: Shape) -> bool:
        return min(in_shape[1:]) >= self.smallest

    def _needed(self) -> str:
        return f"3 channels and at least {self.smallest} × {self.smallest} pixels"

    def _brought(self, in_shape: Shape, *first: LayerSpec) -> Fix:
        """Layers that make an image of this shape, which `first` may give, what the network
        takes."""
        before = list(first)
        if not self._is_large_enough(in_shape):
            before.append(Upsample(size=self.smallest, mode="bilinear"))
        if in_shape[0] != 3:
            before.append(Conv2d(out_channels=3, kernel_size=1))
        return Fix("insert " + " and ".join(each.kind for each in before), (*before, self))

    def _places(self, in_shape: Shape, stride: int) -> int:
        return ceil(in_shape[1] / stride) * ceil(in_shape[2] / stride) if stride else 1

    def _summed(self, table: Table, in_shape: Shape) -> int:
        return sum(each * self._places(in_shape, stride) for stride, each in table.items())

    def parameter_count(self, in_shape: Shape) -> int:
        return self.trunk + (self.features + 1) * self.out_features

    def multiply_adds(self, in_shape: Shape) -> int:
        return self._summed(self.work, in_shape) + self.features * self.out_features

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=True, numbers=self._summed(self.kept, in_shape))

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"num_classes": self.out_features}

    def module(self, nn: Any, in_shape: Shape) -> Any:
        from torchvision import models

        made = getattr(models, self.function)(**self.arguments(in_shape))
        for part in self.frozen_parts(made):
            part.requires_grad_(False)
        return made

    def start_source(self) -> Source:
        if self.weights == "none":
            return Source(())
        path = weights_dir() / self.published if self.weights == "imagenet" else Path(self.file)
        if path.suffix == ".safetensors":
            raise UserError(
                "train.py can't tell the weights of {name}: they are in a .safetensors file. Take "
                "the network alone, or train by `workbench train`.",
                name=self.name,
            )
        name = f"{self.name.upper()}_WEIGHTS"
        found = f"torch.load({name}, weights_only=True)"
        constants: tuple[str, ...] = (f"{name} = {literal(str(path))}",)
        if self.weights == "imagenet" and not path.is_file():  # then it is torch's own to find
            named = f'torchvision.models.get_model_weights("{self.function}")'
            found, constants = f"{named}.DEFAULT.get_state_dict(progress=False)", ()
        lines = (f"found = {found}", f'load_weights(model, "{self.name}", found, "{self.head}")')
        return Source(lines, functions=(LOAD_WEIGHTS,), constants=constants)

    def frozen_parts(self, module: Any) -> list[Any]:
        """The modules and parameters of its network that keep their weights."""
        from operator import attrgetter

        names = [name for stage in self.stages[: self.frozen] for name in stage]
        return [attrgetter(name)(module) for name in names]

    def call(self, module: Any, x: Any) -> Any:
        # Also while the rest is trained: a frozen BatchNorm must not drift with the batches.
        for part in self.frozen_parts(module):
            if hasattr(part, "eval"):
                part.eval()
        return module(x)

    def call_source(self, module: str, x: str, in_shape: Shape) -> list[str]:
        return [*self._freezing_source(module), f"{x} = {module}({x})"]

    def _freezing_source(self, module: str) -> list[str]:
        """Lines that do what `module` and `call` do; the code of a `forward` is of assignments."""
        names = [name for stage in self.stages[: self.frozen] for name in stage]
        parts = [f"{module}." + re.sub(r"\.(\d+)", r"[\1]", name) for name in names]
        plain = [f"{part}.requires_grad_(False)" for part in parts if part.endswith(PARAMETERS)]
        modules = [part for part in parts if not part.endswith(PARAMETERS)]
        lines = [f"_ = [{', '.join(plain)}]"] if plain else []
        if modules:
            lines.append(f"frozen = [{', '.join(modules)}]")
            lines.append("_ = [part.requires_grad_(False).eval() for part in frozen]")
        return lines

    def constructor_source(self, in_shape: Shape) -> str:
        return f"torchvision.models.{self.function}(num_classes={self.out_features})"

    def words(self) -> str:
        told = {"none": "random weights", "imagenet": "ImageNet weights", "file": "own weights"}
        frozen = f"{self.frozen} of {len(self.stages)} stages frozen"
        parts = [counted(self.out_features, "output", "outputs"), told[self.weights]]
        return " · ".join([*parts, frozen] if self.frozen else parts)

    def formula(self, in_shape: Shape) -> str:
        return (
            f"{self.trunk:,} parameters → {self.features} features; "
            f"y = Wx + b, W is {self.out_features} × {self.features}"
        )


class _ResNet(Backbone, abstract=True):
    head: ClassVar[str] = "fc"
    stages: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("conv1", "bn1"),
        ("layer1",),
        ("layer2",),
        ("layer3",),
        ("layer4",),
    )


class ResNet18(_ResNet):
    """torchvision.models.resnet18."""

    summary: ClassVar[str] = "ResNet-18: residual blocks in four stages, 11 million parameters."
    function: ClassVar[str] = "resnet18"
    published: ClassVar[str] = "resnet18-f37072fd.pth"
    features: ClassVar[int] = 512
    trunk: ClassVar[int] = 11_176_512
    work: ClassVar[Table] = {2: 9408, 4: 147456, 8: 524288, 16: 2097152, 32: 8388608}
    kept: ClassVar[Table] = {0: 10112, 2: 128, 4: 704, 8: 1152, 16: 2304, 32: 4608}


class ResNet34(_ResNet):
    """torchvision.models.resnet34."""

    summary: ClassVar[str] = "ResNet-34: residual blocks in four stages, 21 million parameters."
    function: ClassVar[str] = "resnet34"
    published: ClassVar[str] = "resnet34-b627a593.pth"
    features: ClassVar[int] = 512
    trunk: ClassVar[int] = 21_284_672
    work: ClassVar[Table] = {2: 9408, 4: 221184, 8: 1114112, 16: 6815744, 32: 13107200}
    kept: ClassVar[Table] = {0: 17536, 2: 128, 4: 960, 8: 2176, 16: 6400, 32: 6656}


class ResNet50(_ResNet):
    """torchvision.models.resnet50."""

    summary: ClassVar[str] = "ResNet-50: bottleneck blocks in four stages, 24 million parameters."
    function: ClassVar[str] = "resnet50"
    published: ClassVar[str] = "resnet50-11ad3fa6.pth"
    edition: ClassVar[str] = "IMAGENET1K_V2"
    features: ClassVar[int] = 2048
    trunk: ClassVar[int] = 23_508_032
    work: ClassVar[Table] = {2: 9408, 4: 245760, 8: 1310720, 16: 7471104, 32: 14417920}
    kept: ClassVar[Table] = {0: 55168, 2: 128, 4: 3008, 8: 6912, 16: 19968, 32: 19456}
