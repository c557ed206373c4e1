"""What is offered to mend a fault really mends it."""

from collections import Counter
from random import Random

import torch
from faulty import FAULTS, layer, project_of
from work import grows_evenly, work

from workbench.catalog.repairs import offers
from workbench.core.project import Project
from workbench.core.repair import Offer
from workbench.core.walk import Step
from workbench.engine.build import build

DRAWN, ENOUGH = 100, 95


def first_fault(project: Project) -> Step:
    return next(step for step in project.walk() if step.fault)


def offered(project: Project) -> list[Offer]:
    return offers(project, project.walk(), first_fault(project))


def runs(project: Project) -> bool:
    """Whether torch takes a batch through the network to what the loss wants."""
    info = project.data.info()
    network = build(project.model, info.shape)
    output = network(torch.randn(4, *info.shape))
    return tuple(output.shape[1:]) == project.train.loss.out_shape(info)


def test_faulty_networks_are_mended() -> None:
    mended, first, kept = 0, 0, 0
    missed: Counter[str] = Counter()
    for number in range(DRAWN):
        plant = FAULTS[number % len(FAULTS)]
        project = plant(Random(number))
        found = offered(project)
        assert 1 <= len(found) <= 3, plant.__name__
        whole = [offer for offer in found if not offer.faults]
        assert all(runs(offer.project) for offer in whole), plant.__name__
        mended += bool(whole)
        first += not found[0].faults
        kept += any("remove" not in offer.fix.text for offer in whole)
        if not whole:
            missed[plant.__name__] += 1
    told = f"mended {mended} of {DRAWN}, {first} by the first offer, {kept} without a removal"
    print(told)  # noqa: T201
    assert mended >= ENOUGH, missed
    assert kept >= 90, "taking layers away is the last way out"
    assert first >= 90


def test_the_draw_is_the_same_each_time_and_of_many_kinds() -> None:
    drawn = [FAULTS[n % len(FAULTS)](Random(n)) for n in range(DRAWN)]
    again = [FAULTS[n % len(FAULTS)](Random(n)) for n in range(DRAWN)]
    assert drawn == again
    told = {first_fault(project).fault.message for project in drawn}
    assert len(told) > 12
    assert len({first_fault(project).layer.kind for project in drawn}) > 20


def test_an_offer_tells_shape_and_parameters_as_torch_counts_them() -> None:
    project = project_of("Digits", [layer("Conv2d"), layer("ReLU"), layer("Linear")])
    best = offered(project)[0]
    assert best.fix.text == "insert Flatten"
    assert best.out_shape == (10,)
    linear = torch.nn.Linear(16 * 6 * 6, 10)
    assert best.parameters == sum(p.numel() for p in linear.parameters())
    assert best.faults == 0


def test_the_smaller_edit_goes_first_and_taking_away_last() -> None:
    project = project_of("Digits", [*[layer("MaxPool2d")] * 4, layer("Flatten"), layer("Linear")])
    fixes = [offer.fix for offer in offered(project)]
    labels = [fix.text for fix in fixes]
    assert len(labels) == len(set(labels)) == 3
    assert labels[0] == "set kernel_size=1"
    assert not any("remove" in label for label in labels)


def test_a_fault_in_one_branch_is_mended_while_another_stays() -> None:
    wide = (layer("Conv2d", kernel_size=30),)
    block = layer("Branches", branches=(wide, wide))
    project = project_of("Digits", [block, layer("Flatten"), layer("Linear")])
    steps = project.walk()
    faulty = [step for step in steps if step.fault]
    assert [step.path for step in faulty] == [(0, 0, 0), (0, 1, 0)]
    for step in faulty:
        best = offers(project, steps, step)[0]
        assert best.faults == 1
        left = [each.path for each in best.project.walk() if each.fault]
        assert left == [path for path in ((0, 0, 0), (0, 1, 0)) if path != step.path]


def test_a_mended_fault_that_uncovers_another_says_so() -> None:
    layers = [layer("Conv2d"), layer("Linear", out_features=7)]
    best = offered(project_of("Digits", layers))[0]
    assert best.fix.text == "insert Flatten"
    assert best.faults == 1


def test_a_loss_that_does_not_suit_the_data_gives_way() -> None:
    project = project_of("Iris", [layer("Linear", out_features=1)])
    diabetes = project_of("Diabetes", [layer("Linear", out_features=1)]).data
    (offer,) = offered(project.replace(data=diabetes))
    assert offer.project.train.loss.kind == "MSELoss"
    assert offer.faults == 0
    assert runs(offer.project)


def test_a_large_network_is_mended_at_once() -> None:
    def mended(size: int) -> int:
        rows = [layer("Conv2d", padding=1), layer("ReLU")] * size
        head = [layer("Flatten"), layer("Linear")]
        project = project_of("Digits", [*[layer("MaxPool2d")] * 3, layer("Conv2d"), *rows, *head])
        steps, faulty = project.walk(), first_fault(project)
        assert offers(project, steps, faulty)[0].faults == 0
        return work(lambda: offers(project, steps, faulty))

    assert grows_evenly(mended, 49)
