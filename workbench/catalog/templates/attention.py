"""Networks of attention."""

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.catalog.layers.attention import TransformerEncoderLayer
from workbench.catalog.layers.blocks import Group, Repeat, Residual
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.normalization_of_sample import LayerNorm
from workbench.catalog.layers.pooling_adaptive import AdaptiveAvgPool1d
from workbench.catalog.layers.reshape import Flatten, Permute
from workbench.catalog.templates.images import ImageTemplate
from workbench.core.layer import LayerSpec, Shape

FEATURES = 64


class SmallViT(ImageTemplate):
    """Dosovitskiy et al., An Image is Worth 16x16 Words, 2021, in small. A depthwise convolution
    tells the patches where they are (Chu et al., Conditional Positional Encodings, 2021)."""

    name = "small_vit"
    title = "Small ViT"
    summary = "Cuts the image into patches that look at each other: a small vision transformer"
    year = 2021
    recipe: ClassVar[dict[str, Any]] = {"epochs": 20}

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        encoder = TransformerEncoderLayer(
            nhead=4, dim_feedforward=4 * FEATURES, activation="gelu", norm_first=True
        )
        return [
            cls._patches(min(max(2, min(shape[1:]) // 7), *shape[1:])),  # some 7 by 7 of them
            Repeat(name="encoder", times=4, layers=(encoder,)),
            LayerNorm(),
            Permute(dims=(2, 1)),
            AdaptiveAvgPool1d(output_size=1),
            Flatten(),
            Linear(out_features=outputs),
        ]

    @staticmethod
    def _patches(side: int) -> Group:
        """An image as (patches, features)."""
        where = Conv2d(out_channels=FEATURES, kernel_size=3, padding=1, groups=FEATURES)
        layers = (
            Conv2d(out_channels=FEATURES, kernel_size=side, stride=side),
            Residual(layers=(where,)),
            Flatten(start_dim=2),
            Permute(dims=(2, 1)),
        )
        return Group(name="patches", title=f"patches of {side}×{side}", layers=layers)
