"""Whatever is put into whatever field: the refusal is in our own words."""

from typing import Any

import pytest
from pydantic import ValidationError

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.reasons import REASONS, WHOLE_OR_WORD, Refused, reason
from workbench.core.spec import Spec, validated
from workbench.core.template import Template
from workbench.core.train import LossSpec, OptimizerSpec

WRONG: tuple[Any, ...] = (
    *(None, True, 0, -3, 10**7, 2.5, -1.5, 1e300, float("nan"), float("inf"), "", "big", "x" * 99),
    *((), (1,), (1, -1), (1, 2, 3), ("a", "b"), {}, {"type": "None"}, {"type": 3}, [[]]),
)
CHOICES = [
    *(kind() for shelf in (LossSpec, OptimizerSpec) for kind in shelf.choices().values()),
    *(kind() for kind in DatasetSpec.offered().values()),
    *(kind() for kind in LayerSpec.choices().values()),
    Template.shelf["mlp"].project().train,
    Template.shelf["mlp"].project().model,
]


@pytest.mark.parametrize("spec", CHOICES, ids=lambda spec: spec.kind)
def test_every_refusal_is_in_our_words(spec: Spec) -> None:
    for name in type(spec).model_fields:
        for value in WRONG:
            try:
                spec.replace(**{name: value})
            except ValidationError as error:
                found = reason(error)
                ours = {*REASONS.values(), WHOLE_OR_WORD}
                assert isinstance(found.text, Refused) or found.text.message in ours, found


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("lr", 0, "it: lr must be above 0."),
        ("lr", "fast", "it: lr must be a number."),
        ("epochs", 10**7, "it: epochs must be at most 1,000,000."),
        ("batch_size", "some", "it: batch_size must be a whole number or 'all'."),
        ("batch_size", 0, "it: batch_size must be at least 1."),
        ("colour", 1, "it: colour is not a known key."),
        ("loss", {"type": "Huge"}, "it: loss: unknown type 'Huge'; known are"),
        ("loss", 3, "it: loss must be an object of keys and values."),
    ],
)
def test_a_file_names_the_field_and_the_reason(name: str, value: object, sentence: str) -> None:
    recipe = Template.shelf["mlp"].project().train
    with pytest.raises(UserError) as caught:
        validated(type(recipe), {**recipe.model_dump(), name: value}, "it")
    assert str(caught.value).startswith(sentence)


def test_the_kind_that_a_value_has_already_tells_its_fault() -> None:
    content = Template.shelf["small_cnn"].project().model_dump(mode="json")
    content["model"]["layers"][0]["kernel_size"] = [3, -1]
    with pytest.raises(UserError) as caught:
        validated(Project, content, "it")
    assert str(caught.value) == "it: model.layers[0].kernel_size[1] must be at least 1."
