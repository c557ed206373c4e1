"""Functions of torch and methods of tensors, as the layers that do the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.core.code_layers import called
from workbench.core.code_values import Late, Leaf, Unsayable

WINDOW = ("kernel_size", "stride", "padding")

# By the function's last name: the layer, and the arguments behind the input.
FUNCTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "relu": ("ReLU", ("inplace",)),
    "relu_": ("ReLU", ()),
    "sigmoid": ("Sigmoid", ()),
    "tanh": ("Tanh", ()),
    "gelu": ("GELU", ("approximate",)),
    "silu": ("SiLU", ("inplace",)),
    "elu": ("ELU", ("alpha", "inplace")),
    "leaky_relu": ("LeakyReLU", ("negative_slope", "inplace")),
    "softplus": ("Softplus", ("beta", "threshold")),
    "hardswish": ("Hardswish", ("inplace",)),
    "softmax": ("Softmax", ("dim",)),
    "log_softmax": ("LogSoftmax", ("dim",)),
    "max_pool1d": ("MaxPool1d", (*WINDOW, "dilation", "ceil_mode", "return_indices")),
    "max_pool2d": ("MaxPool2d", (*WINDOW, "dilation", "ceil_mode", "return_indices")),
    "avg_pool1d": ("AvgPool1d", (*WINDOW, "ceil_mode", "count_include_pad")),
    "avg_pool2d": ("AvgPool2d", (*WINDOW, "ceil_mode", "count_include_pad", "divisor_override")),
    "adaptive_avg_pool1d": ("AdaptiveAvgPool1d", ("output_size",)),
    "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", ("output_size",)),
    "adaptive_max_pool2d": ("AdaptiveMaxPool2d", ("output_size", "return_indices")),
    "flatten": ("Flatten", ("start_dim", "end_dim")),
    "pixel_shuffle": ("PixelShuffle", ("upscale_factor",)),
    "interpolate": ("Upsample", ("size", "scale_factor", "mode", "align_corners")),
}
DROPOUTS = {"dropout": "Dropout", "dropout2d": "Dropout2d"}


def from_function(name: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> list[Leaf]:
    """The layers that a call such as `F.max_pool2d(x, 2)` stands for; `args` are without `x`.

    Raises:
        Unsayable: there are none.
    """
    given = dict(keywords)
    if name in DROPOUTS:
        return [_dropout(DROPOUTS[name], list(args), given)]
    if name == "flatten" and not args and given.get("start_dim", 0) == 0:
        raise Unsayable("flatten() without start_dim=1 flattens the batch too")
    if name in FUNCTIONS:
        kind, order = FUNCTIONS[name]
        return [called(kind, order, list(args), given)]
    if name in ("view", "reshape"):
        return [_viewed(_spread(args))]
    if name == "permute":
        return [called("Permute", ("dims",), [_spread(args)], {})]
    if name in ("transpose", "swapaxes") and sorted(args) == [1, 2]:
        return [called("Permute", ("dims",), [[0, 2, 1]], {})]
    if name == "mean":
        return _mean(list(args), given)
    if name == "unsqueeze" and list(args) == [1]:
        return [called("Unflatten", ("dim", "unflattened_size"), [1, [1, -1]], {})]
    if name == "pad" and not given and len(args) == 1 and len(args[0]) == 4:
        return [called("ZeroPad2d", ("padding",), [args[0]], {})]
    if name in ("contiguous", "clone", "float"):
        return []
    raise Unsayable(f"no layer does what {name} does")


def _spread(args: Sequence[Any]) -> list[Any]:
    """`view((a, b))` as `view(a, b)`."""
    first = args[0] if len(args) == 1 else None
    return list(first) if isinstance(first, list | tuple) else list(args)


def _dropout(kind: str, args: list[Any], given: dict[str, Any]) -> Leaf:
    training = given.pop("training", args[1] if len(args) > 1 else None)
    if training is not Late.TRAINING:
        raise Unsayable("it drops values in evaluation too: it has no training=self.training")
    return called(kind, ("p",), args[:1], given)


def _viewed(sizes: list[Any]) -> Leaf:
    """`x.view(batch, -1)`, where the batch is told by the tensor or by -1."""
    batch = sizes and (sizes[0] is Late.BATCH or sizes[0] == -1)
    if batch and len(sizes) == 2 and isinstance(sizes[1], int) and sizes != [-1, -1]:
        leaf = called("Flatten", (), [], {})
        if sizes[1] != -1:
            leaf.claims["size"] = sizes[1]
        return leaf
    raise Unsayable("it lays a sample out anew")


def _mean(args: list[Any], given: dict[str, Any]) -> list[Leaf]:
    dims = args[0] if args else given.pop("dim", None)
    keepdim = args[1] if len(args) > 1 else given.pop("keepdim", False)
    if not isinstance(dims, list | tuple) or {d % 4 for d in dims} != {2, 3} or given:
        raise Unsayable("it is not the mean over height and width")
    pool = called("AdaptiveAvgPool2d", ("output_size",), [1], {})
    return [pool] if keepdim else [pool, called("Flatten", (), [], {})]
