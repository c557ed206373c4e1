"""A layer as a value: `LayerSpec`, and the fault that it has where its input does not fit."""

import keyword
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from workbench.core.errors import UserError
from workbench.core.reasons import Refused
from workbench.core.source import Source
from workbench.core.spec import Spec

Shape = tuple[int, ...]
"""The shape of one sample, without the batch: `(channels, height, width)` or `(features,)`."""

# Attributes of torch.nn.Module, which a child of a Sequential must not shadow.
RESERVED_NAMES = frozenset(
    [
        "T_destination",
        "add_module",
        "append",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extend",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "insert",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "pop",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)


@dataclass(frozen=True)
class Window:
    """How far a layer sees along one axis: `reach` inputs (a kernel, dilated), every `stride`-th
    one, from `padding` in front of the first; `growth` is above 1 where the output is finer."""

    reach: int
    stride: int = 1
    padding: int = 0
    growth: int = 1


@dataclass(frozen=True)
class Saved:
    """What autograd keeps of one sample until the backward pass, beside parameters."""

    input: bool = False
    output: bool = False
    numbers: int = 0
    """More numbers, in the precision of the network: statistics, attention weights."""
    bytes: int = 0
    """What has a size of its own: indices (8 bytes each), masks."""
    of_batch: int = 0
    """Numbers that are there once for the batch, however many samples it has."""


def shape_text(shape: Shape | None) -> str:
    """`(1, 28, 28)` as `1 × 28 × 28`; a shape that is not known as a dash."""
    return " × ".join(map(str, shape)) if shape else "–"


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: `1 problem`, `1,290 parameters`."""
    return f"{number:,} {one if number == 1 else many}"


def _layer_name(name: str) -> str:
    if name and (not name.isidentifier() or keyword.iskeyword(name)):
        raise Refused("{name!r} is not a Python name", name=name)
    if name in RESERVED_NAMES or name.startswith("_"):
        raise Refused("{name!r} is a name that torch.nn.Module uses itself", name=name)
    return name


class LayerSpec(Spec, shelf=True):
    """One `torch.nn` module under its `torch.nn` name and argument names.

    Sizes that follow from the input (`in_channels`, `in_features`) are no fields: `arguments`
    adds them from the input shape. `out_shape` is plain arithmetic, so that editing needs no torch.
    """

    library: ClassVar[str] = "torch.nn"
    """Where its module comes from."""
    category: ClassVar[str]
    summary: ClassVar[str]
    """One sentence on what the layer does."""
    short: ClassVar[str]
    """The start of its default name: `conv` gives conv1, conv2, ..."""
    positional: ClassVar[tuple[str, ...]] = ()
    """Arguments that people write without their names, in the constructor's order."""
    others: ClassVar[tuple[str, ...]] = ()
    """Those behind them in the constructor's order, where that is not the order of the fields."""
    verbatim: ClassVar[bool] = False
    """Whether it is a piece of code that is kept as it is."""
    in_palette: ClassVar[bool] = True
    """Whether a person can add it; if not, it only comes out of files."""

    name: Annotated[str, Field(max_length=64, strict=True), AfterValidator(_layer_name)] = ""

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        """What a live module of its class says of its fields, in torch's words: `(3, 3)` for 3, a
        tensor for a bias."""
        return {name: getattr(module, name) for name in cls.model_fields if name != "name"}

    @classmethod
    def full_name(cls) -> str:
        """What makes its module, as torch's documentation names it: `torch.nn.Linear`."""
        return f"{cls.library}.{cls.__name__}"

    @classmethod
    def order(cls) -> tuple[str, ...]:
        """The arguments of its constructor in torch's order, as far as it has them."""
        lead = cls.positional
        fields = (name for name in cls.model_fields if name != "name" and name not in lead)
        return (*lead, *(cls.others or fields))

    @classmethod
    def fields_of_call(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What the arguments of its constructor say of its fields."""
        return given

    def out_shape(self, in_shape: Shape) -> Shape:
        """The shape that one sample has behind this layer.

        Raises:
            ShapeError: the layer can't take `in_shape`.
        """
        return in_shape

    def parameter_count(self, in_shape: Shape) -> int:
        """How many numbers the layer learns."""
        return 0

    def multiply_adds(self, in_shape: Shape) -> int:
        """How many multiplications with an addition one sample costs; 0 for what has no weights.

        Counted as `torch.utils.flop_counter` does (which gives twice as many operations).
        """
        return 0

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        """How far one output sees along each axis behind the channels; empty where it sees its own
        place only, None where it sees everything."""
        return ()

    def saved(self, in_shape: Shape) -> Saved:
        """What it keeps in training until the backward pass: for most functions their input."""
        return Saved(input=True)

    def is_view(self, training: bool) -> bool:
        """Whether its output is its input's own memory, as of Flatten."""
        return False

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        """The arguments of its `torch.nn` constructor, defaults left out."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if name != "name" and getattr(self, name) != field.default
        }

    def module(self, nn: Any, in_shape: Shape) -> Any:
        """Its module, freshly initialized; `nn` is `torch.nn`, which this room never imports."""
        return getattr(nn, self.kind)(**self.arguments(in_shape))

    def call(self, module: Any, x: Any) -> Any:
        """The output of its module for a batch `x`."""
        return module(x)

    def start_source(self) -> Source:
        """Lines that give it, in `model`, the weights that it starts from, where they are not
        drawn at random.

        Raises:
            UserError: no program can tell them.
        """
        return Source(())

    def call_source(self, module: str, x: str, in_shape: Shape) -> list[str]:
        """The same as lines of Python that assign to `x`: `["x = self.conv1(x)"]`."""
        return [f"{x} = {module}({x})"]

    def constructor_source(self, in_shape: Shape) -> str:
        """The call that makes its module: `nn.Conv2d(1, 16, kernel_size=3)`."""
        given = self.arguments(in_shape)
        lead = [repr(given.pop(name)) for name in self.positional if name in given]
        rest = [f"{name}={value!r}" for name, value in given.items()]
        return f"nn.{self.kind}({', '.join(lead + rest)})"

    def words(self) -> str:
        """Its arguments as a card tells them."""
        return ""

    def formula(self, in_shape: Shape) -> str:
        """What it computes, with this layer's numbers in it; empty if nothing is to be said."""
        return ""


@dataclass(frozen=True, init=False)
class Fix:
    """A way to mend a fault: these layers stand in place of the faulty one.

    `label` is an English template and `values` fill its fields, as in `UserError`.
    """

    label: str
    layers: tuple[LayerSpec, ...]
    values: dict[str, Any]

    def __init__(self, label: str, layers: tuple[LayerSpec, ...], **values: Any) -> None:
        for name, value in (("label", label), ("layers", layers), ("values", values)):
            object.__setattr__(self, name, value)

    @property
    def text(self) -> str:
        """The label filled, in English."""
        return self.label.format(**self.values)


class ShapeError(UserError):
    """A layer that can't take its input, with the fixes that would mend it."""

    def __init__(self, message: str, fixes: Iterable[Fix] = (), **values: Any) -> None:
        super().__init__(message, **values)
        self.fixes = tuple(fixes)
