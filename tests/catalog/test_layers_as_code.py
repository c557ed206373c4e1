"""Every layer, alone in a network, as generated code."""

from contract import KINDS, fitted, sample_of
from generated import agrees
from hypothesis import given, settings

from workbench.core.layer import LayerSpec, Shape
from workbench.core.model import ModelSpec


@KINDS
def test_a_layer_of_any_kind_as_code_is_the_same_network(kind: type[LayerSpec]) -> None:
    @settings(max_examples=6, deadline=None, derandomize=True, database=None)
    @given(fitted(kind))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        agrees(ModelSpec(layers=(spec,)), shape, sample_of(spec, shape))

    check()
