"""Only what differs is told, under the words of the forms."""

from workbench.core.data import DatasetSpec
from workbench.core.differences import MISSING, differences
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.core.train import OptimizerSpec


def cnn() -> Project:
    return Template.shelf["small_cnn"].project(DatasetSpec.named("Digits")())


def found(*projects: Project) -> dict[str, tuple[str, ...]]:
    return {each.path: each.values for each in differences(projects)}


def test_equal_projects_do_not_differ() -> None:
    assert differences([cnn(), cnn(), cnn()]) == []


def test_the_recipe_is_told_with_the_titles_of_its_form() -> None:
    first = cnn()
    second = first.replace(train=first.train.replace(lr=0.5, batch_size="all"))
    told = differences([first, second, first])
    assert {each.path: each.title for each in told} == {
        "train.lr": "lr",
        "train.batch_size": "Batch size",
    }
    lr = f"{first.train.lr:g}"
    assert told[0].values == (lr, "0.5", lr)


def test_values_are_told_in_as_many_digits_as_tell_them_apart() -> None:
    first = cnn()
    texts = ("0.1", "0.1000001", "1e-06", "1000", "0.30000000000000004")
    rates = [first.replace(train=first.train.replace(lr=float(text))) for text in texts]
    assert found(*rates) == {"train.lr": texts}


def test_what_only_one_optimizer_has_is_missing_in_the_other() -> None:
    first = cnn()
    sgd = OptimizerSpec.named("SGD")(momentum=0.9)
    first = first.replace(train=first.train.replace(optimizer=OptimizerSpec.named("Adam")()))
    second = first.replace(train=first.train.replace(optimizer=sgd))
    told = found(first, second)
    assert told["train.optimizer"] == ("Adam", "SGD")
    assert told["train.optimizer.momentum"] == (MISSING, "0.9")


def test_a_layer_is_compared_under_its_name_wherever_it_stands() -> None:
    first = cnn()
    wider = first.model.at((0,)).replace(out_channels=7)
    model = first.model.replace(layers=(wider, *first.model.layers[1:]))
    assert found(first, first.replace(model=model)) == {
        f"model.{wider.name}.out_channels": (str(first.model.at((0,)).out_channels), "7")
    }
    more = first.model.inserted((0,), [LayerSpec.named("Dropout")(name="drop0")])
    assert found(first, first.replace(model=more)) == {
        "model.drop0": (MISSING, f"Dropout {more.at((0,)).words()}")
    }


def test_another_order_of_the_same_layers_is_told() -> None:
    first = cnn()
    layers = first.model.layers
    model = first.model.replace(layers=(*layers[1:2], layers[0], *layers[2:]))
    told = found(first, first.replace(model=model))
    assert list(told) == ["model"]
    assert told["model"][1].startswith(f"{layers[1].name} → {layers[0].name} → ")


def test_every_template_can_be_compared_with_every_other() -> None:
    projects = [template.project() for template in Template.shelf.values()]
    told = differences(projects)
    assert {len(each.values) for each in told} == {len(projects)}
    assert all(len(set(each.values)) > 1 for each in told)
    assert "data" in {each.path for each in told}
