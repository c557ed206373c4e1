"""Every template on every dataset: a project that can be trained, or one sentence why not."""

import pytest

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.template import Template

DATASETS = DatasetSpec.offered()


def test_the_templates_of_the_first_release_are_on_the_shelf() -> None:
    first = {"mlp", "small_cnn", "linear_regression", "logistic_regression", "softmax_regression"}
    assert Template.shelf.keys() >= first


@pytest.mark.parametrize("name", Template.shelf)
def test_a_template_says_what_it_is_and_starts_on_its_own_dataset(name: str) -> None:
    template = Template.shelf[name]
    project = template.project()
    project.check()
    assert project.data == DATASETS[template.dataset]()
    assert template.name == name == name.lower()
    assert template.title
    assert template.summary
    assert template.loss == project.train.loss.kind


@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize("name", Template.shelf)
def test_a_template_fits_itself_to_any_dataset_or_says_why_not(name: str, data: str) -> None:
    template, spec = Template.shelf[name], DATASETS[data]()
    try:
        project = template.project(spec)
    except UserError as error:
        sentence = str(error)
    else:
        project.check()
        assert project.data == spec
        return
    assert not spec.info().is_image
    assert template.title in sentence
    assert spec.info().title in sentence


@pytest.mark.parametrize(
    ("name", "data", "loss", "classes"),
    [
        ("linear_regression", "Diabetes", "MSELoss", 1),
        ("logistic_regression", "BreastCancer", "BCEWithLogitsLoss", 1),
        ("softmax_regression", "Iris", "CrossEntropyLoss", 3),
    ],
)
def test_regressions_are_one_linear_layer(name: str, data: str, loss: str, classes: int) -> None:
    project = Template.shelf[name].project()
    [layer] = project.model.layers
    assert layer.kind == "Linear"
    assert layer.out_features == classes
    assert project.data.kind == data
    assert project.train.loss.kind == loss
