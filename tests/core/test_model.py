"""The stack of layers: names, edits, and the walk that finds the first fault."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, counted, shape_text
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.core.train import LossSpec

CHOICES = LayerSpec.choices()
DRAWN = settings(max_examples=50, deadline=None, derandomize=True, database=None)


def layer(kind: str, **arguments: object) -> LayerSpec:
    return CHOICES[kind](**arguments)


def stack(*kinds: str) -> ModelSpec:
    return ModelSpec(layers=tuple(layer(kind) for kind in kinds))


def names(model: ModelSpec) -> list[str]:
    return [each.name for each in model.layers]


def test_layers_without_a_name_get_the_next_free_one() -> None:
    model = ModelSpec(
        layers=(layer("Linear", name="fc2"), layer("Linear"), layer("Linear"), layer("ReLU"))
    )
    assert names(model) == ["fc2", "fc1", "fc3", "relu1"]


def test_two_layers_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two layers are named 'a'"):
        ModelSpec(layers=(layer("ReLU", name="a"), layer("Tanh", name="a")))


def test_inserted_layers_are_renamed_where_their_name_is_taken() -> None:
    model = stack("Linear", "ReLU")
    twice = model.inserted((1,), model.layers)
    assert names(twice) == ["fc1", "fc2", "relu2", "relu1"]
    assert names(model.inserted((2,), [layer("ReLU", name="mine")])) == ["fc1", "relu1", "mine"]
    assert names(model) == ["fc1", "relu1"]


def test_swapping_keeps_the_name_that_is_free_again() -> None:
    model = stack("Linear", "ReLU", "Linear")
    swapped = model.swapped((0,), [layer("Flatten"), model.layers[0]])
    assert names(swapped) == ["flatten1", "fc1", "relu1", "fc2"]
    assert names(model.swapped((1,), [])) == ["fc1", "fc2"]


@DRAWN
@given(st.data())
def test_moving_is_removing_and_inserting(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    model = stack(*["ReLU"] * count)
    chosen = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    before = data.draw(st.integers(0, count))
    moved = names(model.moved([(row,) for row in chosen], (before,)))

    rest: list[str | None] = [None if i in chosen else name for i, name in enumerate(names(model))]
    rest[before:before] = [names(model)[i] for i in sorted(chosen)]
    assert moved == [name for name in rest if name is not None]
    assert names(model.removed([(row,) for row in chosen])) == [
        name for i, name in enumerate(names(model)) if i not in chosen
    ]


def test_the_walk_goes_up_to_the_first_fault() -> None:
    steps = list(stack("Conv2d", "Linear", "ReLU", "Conv2d").walk((1, 28, 28)))
    assert [step.out_shape for step in steps] == [(16, 26, 26), None, None, None]
    assert [step.in_shape for step in steps] == [(1, 28, 28), (16, 26, 26), None, None]
    assert [bool(step.fault) for step in steps] == [False, True, False, False]
    assert steps[0].parameters == 16 * 9 + 16


def project(*layers: LayerSpec, data: str = "Digits", loss: str = "CrossEntropyLoss") -> Project:
    base = Template.shelf["mlp"].project()
    return base.replace(
        model=ModelSpec(layers=layers),
        data=DatasetSpec.named(data)(),
        train=base.train.replace(loss=LossSpec.named(loss)()),
    )


def last_fault(found: Project) -> str:
    *_, last = found.walk()
    return str(last.fault) if last.fault else ""


@pytest.mark.parametrize(
    ("data", "loss", "outputs"),
    [
        ("Digits", "CrossEntropyLoss", 10),
        ("Iris", "BCEWithLogitsLoss", 3),
        ("BreastCancer", "BCEWithLogitsLoss", 1),
        ("BreastCancer", "CrossEntropyLoss", 2),
        ("Diabetes", "MSELoss", 1),
        ("Wine", "MSELoss", 3),
    ],
)
def test_an_output_that_the_loss_can_not_take_is_a_fault_whose_fix_mends_it(
    data: str, loss: str, outputs: int
) -> None:
    wrong = project(layer("Flatten"), layer("Linear", out_features=7), data=data, loss=loss)
    *_, last = wrong.walk()
    assert last.fault
    assert f"7; {loss} on" in str(last.fault)
    with pytest.raises(UserError, match=r"Linear fc1 gives 7"):
        wrong.check()
    [fix] = last.fault.fixes
    mended = wrong.replace(model=wrong.model.swapped(last.path, fix.layers))
    mended.check()
    assert list(mended.walk())[-1].out_shape == (outputs,)


def test_a_loss_that_does_not_suit_the_task_is_a_fault_of_the_last_layer() -> None:
    wrong = project(layer("Linear", out_features=1), data="Diabetes")
    assert "Choose MSELoss" in last_fault(wrong)
    with pytest.raises(UserError, match="Linear fc1 can't be trained with CrossEntropyLoss"):
        wrong.check()


def test_an_empty_network_says_what_to_do() -> None:
    with pytest.raises(UserError, match="add one from the Layers panel"):
        project().check()


def test_a_fault_of_shape_is_told_with_layer_and_name() -> None:
    wrong = project(layer("Linear", name="head"))
    with pytest.raises(UserError, match="Linear head gets 1 × 8 × 8, needs a flat vector"):
        wrong.check()


def test_words_for_shapes_and_counts() -> None:
    assert (shape_text((1, 28, 28)), shape_text((4,)), shape_text(None)) == (
        "1 × 28 × 28",
        "4",
        "–",
    )
    assert counted(1, "layer", "layers") == "1 layer"
    assert counted(1290, "parameter", "parameters") == "1,290 parameters"
