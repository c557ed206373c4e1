"""Networks with blocks against the same ones written by hand."""

import pytest
import small
import torch
from torch import Tensor, nn

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.blocks import Branches, Group, Repeat, Residual
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.normalization import BatchNorm2d
from workbench.catalog.layers.pooling import MaxPool2d
from workbench.catalog.layers.reshape import Flatten
from workbench.core.errors import UserError
from workbench.core.events import RunCompleted, StepCompleted
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.engine.build import build
from workbench.engine.export import save_network
from workbench.engine.fit import fit
from workbench.engine.weights import trained


def conv(name: str, channels: int, stride: int = 1) -> Conv2d:
    return Conv2d(name=name, out_channels=channels, kernel_size=3, stride=stride, padding=1)


BLOCK = Residual(
    layers=(conv("a", 6, stride=2), BatchNorm2d(name="bn"), ReLU(), conv("b", 6)),
    shortcut=(Conv2d(name="p", out_channels=6, kernel_size=1, stride=2),),
)
MODEL = ModelSpec(
    layers=(
        BLOCK,
        Branches(
            branches=((conv("c", 3),), (MaxPool2d(name="m", kernel_size=3, stride=1, padding=1),))
        ),
        Repeat(name="r", times=3, layers=(Residual(layers=(conv("d", 9), ReLU())),)),
        Group(name="head", layers=(Flatten(), Linear(name="fc", out_features=10))),
    )
)


class Round(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.d = nn.Conv2d(9, 9, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.d(x)) + x


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.bn = nn.BatchNorm2d(6)
        self.b = nn.Conv2d(6, 6, 3, padding=1)
        self.p = nn.Conv2d(1, 6, 1, stride=2)
        self.c = nn.Conv2d(6, 3, 3, padding=1)
        self.r = nn.Sequential(*[Round() for _ in range(3)])
        self.head = nn.Module()
        self.head.fc = nn.Linear(9 * 16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.b(torch.relu(self.bn(self.a(x)))) + self.p(x)
        pooled = torch.max_pool2d(x, 3, 1, 1)
        x = self.r(torch.cat([self.c(x), pooled], dim=1))
        return self.head.fc(x.flatten(1))


def test_a_network_with_blocks_computes_what_the_same_one_by_hand_does() -> None:
    mine, hand = build(MODEL, (1, 8, 8)).eval(), ByHand().eval()
    hand.load_state_dict(mine.state_dict())  # the names are the same
    x = torch.randn(5, 1, 8, 8)
    assert torch.equal(mine(x), hand(x))
    total = sum(step.parameters for step in MODEL.walk((1, 8, 8)) if not step.depth)
    assert total == sum(each.numel() for each in hand.parameters())


def test_rounds_may_change_the_shape() -> None:
    model = ModelSpec(layers=(Repeat(times=3, layers=(conv("c", 8, stride=2),)),))
    network = build(model, (3, 32, 32))
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 8, 4, 4)
    assert [each.c.in_channels for each in network.repeat1] == [3, 8, 8]
    assert model.walk((3, 32, 32))[0].out_shape == (8, 4, 4)


@pytest.mark.parametrize("layers", [(), (Group(),), (Residual(),), (Repeat(),)])
def test_what_is_empty_hands_its_input_on(layers: tuple[LayerSpec, ...]) -> None:
    x = torch.randn(2, 4)
    factor = 2 if layers and isinstance(layers[0], Residual) else 1
    assert torch.equal(build(ModelSpec(layers=layers), (4,))(x), factor * x)


def test_it_trains_and_its_weights_come_back(tmp_path) -> None:
    project = small.cnn(batch_size=200, epochs=1).replace(model=MODEL)
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    losses = [event.metrics["loss"] for event in events if isinstance(event, StepCompleted)]
    assert losses[-1] < losses[0]
    assert isinstance(events[-1], RunCompleted)
    network = trained(project, run.last)
    assert network.get_submodule("r.2.d").weight.shape == (9, 9, 3, 3)
    with pytest.raises(UserError, match="has blocks"):
        save_network(project, run.last, tmp_path / "whole.pt").send(None)
    assert not (tmp_path / "whole.pt").exists()
