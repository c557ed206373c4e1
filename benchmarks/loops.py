"""A work as others would train it: by hand, and by the peers. Each loop calls `turn` behind every
epoch, validation included, and gives the test accuracy of its network.

All train the same modules with the same recipe on the same samples; who shuffles how differs.
"""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision.transforms import v2

from workbench.core.data import Samples
from workbench.core.events import EpochCompleted, RunCompleted
from workbench.core.project import Project
from workbench.core.runs import create_run
from workbench.engine import batches, machine, sinks
from workbench.engine.build import build

Turn = Callable[[], None]
Loop = Callable[[Project, Turn], float]


def ours(project: Project, turn: Turn) -> float:
    """As Train does it: checkpoints, predictions, events and TensorBoard included."""
    machine.tune_allocator()
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(project, Path(folder))
        for event in sinks.train(project, run.folder):
            if isinstance(event, EpochCompleted):
                turn()
            elif isinstance(event, RunCompleted):
                return event.test["accuracy"]
    raise RuntimeError("the run did not complete")


# -- by hand


class Images(Dataset[tuple[Tensor, int]]):
    """What a person would write first."""

    def __init__(self, samples: Samples, mean: list[float], std: list[float]) -> None:
        self.images, self.labels = samples
        steps = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)]
        self.transform = v2.Compose(steps)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index].transpose(1, 2, 0)), int(self.labels[index])


class Table(Dataset[tuple[Tensor, Tensor]]):
    """The same for a table."""

    def __init__(self, samples: Samples, mean: Tensor, std: Tensor) -> None:
        self.rows = (torch.from_numpy(samples.inputs) - mean) / std
        self.labels = torch.from_numpy(samples.targets)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.rows[index], self.labels[index]


def by_hand_data(project: Project) -> dict[str, DataLoader[Any]]:
    splits = batches.loaded(project.data)
    mean, std = moments(project)
    loaders = {}
    for name, samples in splits.items():
        if project.data.info().is_image:
            split: Dataset[Any] = Images(samples, mean.flatten().tolist(), std.flatten().tolist())
        else:
            split = Table(samples, mean, std)
        loaders[name] = DataLoader(split, size(project), shuffle=name == "train")
    return loaders


def moments(project: Project) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the training split, as our own batches have them."""
    found = batches.normalization(project.data)
    return found.mean, found.std


def size(project: Project) -> int:
    assert isinstance(project.train.batch_size, int)
    return project.train.batch_size


def made(project: Project) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(project.train.seed)
    network = build(project.model, project.data.info().shape)
    return network, torch.optim.Adam(network.parameters(), lr=project.train.lr)


def by_hand(project: Project, turn: Turn) -> float:
    loaders = by_hand_data(project)
    network, optimizer = made(project)
    criterion = nn.CrossEntropyLoss()
    for _ in range(project.train.epochs):
        network.train()
        running = 0.0
        for inputs, targets in loaders["train"]:
            optimizer.zero_grad()
            loss = criterion(network(inputs), targets)
            loss.backward()
            optimizer.step()
            running += loss.item()
        accuracy(network, loaders["val"])
        turn()
    return accuracy(network, loaders["test"])


def accuracy(network: nn.Module, loader: Iterable[Any]) -> float:
    network.eval()
    right = total = 0
    with torch.no_grad():
        for inputs, targets in loader:
            right += int((network(inputs).argmax(1) == targets).sum())
            total += len(targets)
    return right / total


# -- peers: they get tensors that are normalized already, which is the best that they can have


def tensors(project: Project) -> dict[str, TensorDataset]:
    mean, std = moments(project)
    found = {}
    for name, samples in batches.loaded(project.data).items():
        inputs = torch.from_numpy(np.asarray(samples.inputs)).float()
        scaled = inputs / 255 if project.data.info().is_image else inputs
        found[name] = TensorDataset((scaled - mean) / std, torch.from_numpy(samples.targets))
    return found


def tensor_loaders(project: Project) -> dict[str, DataLoader[Any]]:
    return {
        name: DataLoader(split, size(project), shuffle=name == "train")
        for name, split in tensors(project).items()
    }


def lightning(project: Project, turn: Turn) -> float:
    import logging
    import warnings

    import pytorch_lightning as pl

    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    network, optimizer = made(project)
    loaders = tensor_loaders(project)
    criterion = nn.CrossEntropyLoss()

    class Classifier(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch: Any, _: int) -> Tensor:
            loss: Tensor = criterion(self.network(batch[0]), batch[1])
            self.log("loss", loss)
            return loss

        def validation_step(self, batch: Any, _: int) -> None:
            output = self.network(batch[0])
            self.log("val_loss", criterion(output, batch[1]))
            self.log("val_accuracy", (output.argmax(1) == batch[1]).float().mean())

        def on_train_epoch_end(self) -> None:  # behind the validation of the epoch
            turn()

        def configure_optimizers(self) -> Any:
            return optimizer

    trainer = pl.Trainer(
        max_epochs=project.train.epochs, accelerator="cpu", logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(Classifier(), loaders["train"], loaders["val"])
    return accuracy(network, loaders["test"])


def skorch(project: Project, turn: Turn) -> float:
    from skorch import NeuralNetClassifier
    from skorch.callbacks import Callback
    from skorch.helper import predefined_split

    class Behind(Callback):
        def on_epoch_end(self, net: Any, **_: Any) -> None:
            turn()

    network, _ = made(project)
    splits = tensors(project)
    net = NeuralNetClassifier(
        network, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=project.train.lr,
        batch_size=size(project), max_epochs=project.train.epochs, iterator_train__shuffle=True,
        train_split=predefined_split(splits["val"]), callbacks=[Behind()],
        callbacks__print_log=None,
    )  # fmt: skip
    inputs, targets = splits["train"].tensors
    net.fit(inputs.numpy(), targets.numpy())
    return accuracy(net.module_, tensor_loaders(project)["test"])


def ignite(project: Project, turn: Turn) -> float:
    import ignite.metrics
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer

    network, optimizer = made(project)
    loaders = tensor_loaders(project)
    criterion = nn.CrossEntropyLoss()
    trainer = create_supervised_trainer(network, optimizer, criterion)
    figures = {"accuracy": ignite.metrics.Accuracy(), "loss": ignite.metrics.Loss(criterion)}
    evaluator = create_supervised_evaluator(network, figures)

    def behind() -> None:
        evaluator.run(loaders["val"])
        turn()

    trainer.add_event_handler(Events.EPOCH_COMPLETED, behind)
    trainer.run(loaders["train"], max_epochs=project.train.epochs)
    return accuracy(network, loaders["test"])


LOOPS: dict[str, Loop] = {
    "ours": ours,
    "by hand": by_hand,
    "Lightning": lightning,
    "skorch": skorch,
    "Ignite": ignite,
}
PEERS = {"Lightning": "pytorch_lightning", "skorch": "skorch", "Ignite": "ignite"}
