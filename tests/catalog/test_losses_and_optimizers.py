"""Losses and optimizers are torch's own, and the losses know what they want of data and output."""

import inspect

import pytest
import torch
from hypothesis import given, settings
from strategies import specs
from torch import nn, optim

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.train import LossSpec, OptimizerSpec, fits

LOSSES, OPTIMIZERS = LossSpec.choices(), OptimizerSpec.choices()
DRAWN = settings(max_examples=30, deadline=None, derandomize=True, database=None)
INFOS = {name: DatasetSpec.named(name)().info() for name in ("Diabetes", "BreastCancer", "Iris")}
TARGETS = {
    "Diabetes": torch.tensor([1.5, -2.0, 0.25]),
    "BreastCancer": torch.tensor([0, 1, 1]),
    "Iris": torch.tensor([2, 0, 1]),
}
OF_VALUES = ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
SUITED = [
    (loss, data) for loss in LOSSES for data in INFOS if fits(LossSpec.named(loss)(), INFOS[data])
]


OTHER_DEFAULTS = {("LBFGS", "line_search_fn"), ("LBFGS", "history_size")}
"""Ours: steps of one length overshoot."""


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "Muon"])
def test_an_optimizer_is_that_of_torch_with_these_arguments(name: str) -> None:
    network = nn.Linear(3, 2)
    theirs = inspect.signature(getattr(optim, name)).parameters

    @DRAWN
    @given(specs(OPTIMIZERS[name]))
    def check(spec: OptimizerSpec) -> None:
        made = spec.make(network, lr=0.125)
        assert type(made) is getattr(optim, name)
        [group] = made.param_groups
        assert group["lr"] == 0.125
        for field in type(spec).model_fields:
            assert group[field] == getattr(spec, field)
        before = [parameter.detach().clone() for parameter in network.parameters()]

        def closure() -> torch.Tensor:
            made.zero_grad()
            loss = network(torch.ones(4, 3)).square().sum()
            loss.backward()
            return loss

        closure()
        made.step(closure)  # type: ignore[arg-type]
        assert all(torch.isfinite(parameter).all() for parameter in network.parameters())
        with torch.no_grad():
            for parameter, old in zip(network.parameters(), before, strict=True):
                parameter.copy_(old)
                parameter.grad = None

    check()
    for field, told in OPTIMIZERS[name].model_fields.items():
        if (name, field) not in OTHER_DEFAULTS:
            assert told.default == theirs[field].default, field


def test_muon_is_torchs_for_hidden_matrices_and_adamw_for_all_else() -> None:
    spec = OPTIMIZERS["Muon"](weight_decay=0.25)
    networks = [nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)) for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    matrix, *others = networks[1].parameters()
    muon = optim.Muon([matrix], lr=0.01, weight_decay=0.25, adjust_lr_fn="match_rms_adamw")
    adamw = optim.AdamW(others, lr=0.01, weight_decay=0.25)
    ours = spec.make(networks[0], lr=0.01)
    for step in range(3):
        for network, optimizers in zip(networks, [(ours,), (muon, adamw)], strict=True):
            network.zero_grad()
            network(torch.ones(5, 3)).square().sum().backward()
            for optimizer in optimizers:
                optimizer.step()
        if step == 1:  # what a resumed run does, and what a scheduler does
            again = spec.make(networks[0], lr=1.0)
            again.load_state_dict(ours.state_dict())
            ours = again
            for group in (*ours.param_groups, *muon.param_groups, *adamw.param_groups):
                group["lr"] = 0.005
    for mine, theirs in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_muon_leaves_embeddings_convolutions_and_a_lone_matrix_to_adamw() -> None:
    network = nn.Sequential(nn.Embedding(5, 4), nn.Conv1d(4, 4, 1), nn.Linear(4, 4))
    made = OPTIMIZERS["Muon"]().make(network, lr=0.01)
    assert {type(part) for part in made.parts} == {optim.AdamW}  # type: ignore[attr-defined]


def test_every_loss_suits_something_and_mse_suits_all() -> None:
    assert {loss for loss, _ in SUITED} == set(LOSSES)
    assert [data for loss, data in SUITED if loss == "MSELoss"] == list(INFOS)
    assert ("CrossEntropyLoss", "Diabetes") not in SUITED
    with pytest.raises(UserError, match="needs classes, and Diabetes has a number"):
        LossSpec.named("BCEWithLogitsLoss")().out_shape(INFOS["Diabetes"])


@pytest.mark.parametrize(("loss", "data"), SUITED)
def test_output_targets_and_probabilities_fit_together(loss: str, data: str) -> None:
    spec, info, targets = LossSpec.named(loss)(), INFOS[data], TARGETS[data]
    criterion = spec.criterion()
    assert type(criterion) is getattr(nn, loss)
    output = torch.randn(3, *spec.out_shape(info), generator=torch.Generator().manual_seed(0))
    output.requires_grad_()
    criterion(output, spec.prepare(targets, info)).backward()
    assert output.grad is not None
    assert output.grad.isfinite().all()

    values = spec.probabilities(output, info)
    if info.task == "regression":
        assert values.shape == targets.shape
    else:
        assert values.shape == (3, len(info.classes))
    if loss == "CrossEntropyLoss" or (loss, data) == ("BCEWithLogitsLoss", "BreastCancer"):
        torch.testing.assert_close(values.sum(1), torch.ones(3))


@pytest.mark.parametrize(("loss", "data"), SUITED)
def test_an_output_that_says_the_targets_is_right_and_nearly_without_loss(
    loss: str, data: str
) -> None:
    """The strongest check that classes are not mixed up: perfect scores give perfect figures."""
    spec, info, targets = LossSpec.named(loss)(), INFOS[data], TARGETS[data]
    prepared = spec.prepare(targets, info)
    if loss in OF_VALUES:
        output = prepared
    else:
        said = (
            prepared
            if prepared.ndim == 2
            else nn.functional.one_hot(prepared, 3 if data == "Iris" else 2)
        )
        output = (said.float() - 0.5) * 100
    assert spec.criterion()(output, prepared).item() < 1e-6
    values = spec.probabilities(output, info)
    if info.task == "regression":
        assert torch.equal(values, targets)
    else:
        assert torch.equal(values.argmax(1), targets)


def test_cross_entropy_is_the_negative_log_likelihood_by_hand() -> None:
    spec, info = LossSpec.named("CrossEntropyLoss")(), INFOS["Iris"]
    output = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    targets = torch.tensor([0, 2])
    likelihood = spec.probabilities(output, info)[[0, 1], targets]
    torch.testing.assert_close(spec.criterion()(output, targets), -likelihood.log().mean())
