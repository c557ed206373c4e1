"""Every choice on every shelf: frozen, validated, and the same after a trip through JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from strategies import specs

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.file_source import FileSource
from workbench.core.files import parse_json
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.spec import Spec, validated
from workbench.core.template import Template
from workbench.core.train import LossSpec, OptimizerSpec

SHELVES: tuple[type[Spec], ...] = (LayerSpec, DatasetSpec, LossSpec, OptimizerSpec)
KINDS = [
    (shelf, kind)
    for shelf in SHELVES
    for kind in shelf.choices().values()
    if not issubclass(kind, FileSource)  # nothing without a file: see test_sources.py
]
EACH = pytest.mark.parametrize(("shelf", "kind"), KINDS, ids=[kind.__name__ for _, kind in KINDS])
DRAWN = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def test_shelves_are_filled_and_apart() -> None:
    for shelf in SHELVES:
        assert len(shelf.choices()) >= 3
        assert all(issubclass(kind, shelf) for kind in shelf.choices().values())
        assert all(not name.startswith("_") for name in shelf.choices())


@EACH
def test_a_choice_is_the_same_after_a_trip_through_json(
    shelf: type[Spec], kind: type[Spec]
) -> None:
    @DRAWN
    @given(specs(kind))
    def check(spec: Spec) -> None:
        text = json.dumps(spec.model_dump(mode="json"), allow_nan=False)
        back = validated(shelf, parse_json(text, "here"), "here")
        assert type(back) is kind
        assert back == spec
        assert hash(back) == hash(spec)
        assert json.loads(text)["type"] == kind.__name__ == spec.kind

    check()


@EACH
def test_a_choice_is_frozen_and_takes_no_other_argument(
    shelf: type[Spec], kind: type[Spec]
) -> None:
    spec = kind()
    for name in (*kind.model_fields, "colour"):
        with pytest.raises(ValidationError):
            setattr(spec, name, 1)
    with pytest.raises(ValidationError):
        kind(colour=1)
    with pytest.raises(ValidationError):
        spec.replace(colour=1)


@EACH
def test_every_field_has_a_title_and_a_sentence(shelf: type[Spec], kind: type[Spec]) -> None:
    for name, field in kind.model_fields.items():
        if (shelf, name) != (LayerSpec, "name"):
            assert field.title, name
            assert (field.description or "").endswith("."), name
    assert kind.summary
    assert kind.__doc__


@EACH
def test_numbers_that_are_not_finite_are_no_arguments(shelf: type[Spec], kind: type[Spec]) -> None:
    for name, field in kind.model_fields.items():
        if field.annotation is float:
            for number in (float("nan"), float("inf"), float("-inf")):
                with pytest.raises(ValidationError):
                    kind(**{name: number})


@pytest.mark.parametrize("name", Template.shelf)
def test_every_template_is_the_same_after_a_trip_through_its_file(name: str) -> None:
    project = Template.shelf[name].project()
    assert Project.from_json(project.to_json(), "here") == project
    assert Project.from_json(project.to_json(), "here").to_json() == project.to_json()


@DRAWN
@given(
    st.lists(st.sampled_from(list(LayerSpec.choices().values())).flatmap(specs), max_size=6),
    st.sampled_from(list(DatasetSpec.offered().values())).flatmap(specs),
    st.sampled_from(list(OptimizerSpec.choices().values())).flatmap(specs),
)
def test_any_project_is_the_same_after_a_trip_through_its_file(
    layers: list[LayerSpec], data: DatasetSpec, optimizer: OptimizerSpec
) -> None:
    project = Template.shelf["mlp"].project()
    project = project.replace(
        model={"layers": [layer.model_dump() for layer in layers]},
        data=data,
        train=project.train.replace(optimizer=optimizer),
    )
    assert Project.from_json(project.to_json(), "here") == project


def test_a_changed_copy_is_checked_like_a_new_one() -> None:
    conv = LayerSpec.named("Conv2d")(out_channels=8)
    assert conv.replace(stride=2) == LayerSpec.named("Conv2d")(out_channels=8, stride=2)
    assert conv.stride == 1
    for wrong in ({"stride": 0}, {"stride": "2"}, {"stride": True}, {"bias": 1}):
        with pytest.raises(ValidationError):
            conv.replace(**wrong)


def test_the_wrong_shelf_is_refused() -> None:
    with pytest.raises(UserError, match=r"^here: unknown type 'Adam'; known are .*Conv2d"):
        validated(LayerSpec, {"type": "Adam"}, "here")
    with pytest.raises(UserError, match=r"^here: expected the type Conv2d\.$"):
        validated(LayerSpec.named("Conv2d"), {"type": "ReLU"}, "here")
