"""Training: a generator of events. Who pulls them decides on pause (wait) and stop (close)."""

import logging
import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    Event,
    Metrics,
    PredictionsSaved,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint, machine
from workbench.engine.batches import Batches
from workbench.engine.build import build, convolves
from workbench.engine.predict import metrics_of, predict
from workbench.engine.predict import save as save_predictions

log = logging.getLogger(__name__)

REPORT_SECONDS = 1 / 30  # Losses are read back in bursts: on a GPU each reading waits for it.
CHECKPOINT_SECONDS = 1.0  # An epoch of a linear model takes 5 ms, a durable write 10.
PREDICTIONS_SECONDS = 0.25  # As often as a person can look at them.


def fit(
    project: Project, run: Run, *, resume: bool = False, weights: Path | None = None
) -> Generator[Event]:
    """Train the project's network; checkpoints and predictions go into the run folder.

    Closing the generator stops after the current step and keeps the last checkpoint. With
    `resume` it goes on from that; with `weights`, a checkpoint, it starts from those.

    Raises:
        UserError: the project can't be trained, or the loss stops being a finite number.
    """
    project.check()
    training = _Training(project, run)
    if resume:
        training.restore(checkpoint.load(run.last))
    elif weights:
        training.start_from(checkpoint.load(weights))
    watch = training.watch
    try:
        with closing(training.events()) as events:
            for event in events:
                watch.stop()
                yield event
                watch.start()
    finally:
        training.keep_last()


class _Stopwatch:
    """Seconds spent training: while a consumer holds the generator, it stands."""

    def __init__(self) -> None:
        self.before = 0.0
        self.start()

    def start(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        self.before, self._since = self.seconds, time.perf_counter()

    @property
    def seconds(self) -> float:
        return self.before + time.perf_counter() - self._since


class _Rate:
    """Says when something that should not be done too often is due again."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, -math.inf

    def due(self, force: bool = False) -> bool:
        now = time.perf_counter()
        if not force and now - self._last < self._seconds:
            return False
        self._last = now
        return True


class _Untold(NamedTuple):
    """A step whose figures were not read back yet."""

    step: int
    output: Tensor
    targets: Tensor
    loss: Tensor


class _Training:
    """The state of a training run, which is what a checkpoint holds, and the loop over it."""

    def __init__(self, project: Project, run: Run) -> None:
        self.project, self.run, self.config = project, run, project.train
        self.device = machine.device(self.config.device)
        torch.manual_seed(self.config.seed)
        self.info = project.data.info()
        network = build(project.model, self.info.shape)
        self.batches = Batches(project.data, self.device, channels_last=convolves(network))
        layout = torch.channels_last if convolves(network) else torch.preserve_format
        self.network = network.to(self.device).to(memory_format=layout)
        self.loss = self.config.loss
        self.criterion = self.loss.criterion()
        self.optimizer = self._optimizer()
        self.batch_size = self.config.batch_length(self.batches.size("train"))
        self.steps_per_epoch = math.ceil(self.batches.size("train") / self.batch_size)
        self.epoch = self.step = 0  # both completed
        self.sums: dict[str, float] = {}
        self.best: dict[str, Any] = {}
        self.saved_step = -1
        self.untold: list[_Untold] = []
        self.watch = _Stopwatch()
        self.report = _Rate(REPORT_SECONDS)
        self.last_due, self.seen_due = _Rate(CHECKPOINT_SECONDS), _Rate(PREDICTIONS_SECONDS)

    def _optimizer(self) -> torch.optim.Optimizer:
        if not any(True for _ in self.network.parameters()):
            raise UserError("The network has nothing to learn: add a layer with parameters.")
        return self.config.optimizer.make(self.network, self.config.lr)

    def events(self) -> Generator[Event]:
        """The whole run."""
        yield self._started()
        while self.epoch < self.config.epochs:
            yield from self._train_epoch()
            self.epoch += 1
            yield from self._measure_epoch()
        yield from self._finish()

    def _started(self) -> RunStarted:
        return RunStarted(
            run=self.run.name,
            device=str(self.device),
            threads=torch.get_num_threads(),
            parameters=sum(parameter.numel() for parameter in self.network.parameters()),
            samples=self.batches.size("train"),
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
            epochs=self.config.epochs,
            step=self.step,
        )

    def _train_epoch(self) -> Iterator[Event]:
        self.network.train()
        done = self.step - self.epoch * self.steps_per_epoch
        order = self.batches.shuffled(self.batch_size, self.config.seed, self.epoch + 1)
        for inputs, targets in islice(order, done, None):
            self.optimizer.zero_grad()
            output = self.network(inputs)
            loss = self.criterion(output, self.loss.prepare(targets, self.info))
            loss.backward()
            self.optimizer.step()
            self.step += 1
            self.untold.append(_Untold(self.step, output.detach(), targets, loss.detach()))
            if self.report.due():
                yield from self._tell()
        yield from self._tell()

    def _tell(self) -> Iterator[StepCompleted]:
        """Read the losses of the last steps back, in one go."""
        told, self.untold = self.untold, []
        if not told:
            return
        losses = torch.stack([step.loss for step in told]).tolist()
        sizes = [len(step.targets) for step in told]
        name, figures = self._figures(told, sizes)
        seconds = self.watch.seconds
        for step, size, loss, figure in zip(told, sizes, losses, figures, strict=True):
            self._check_finite(loss, step.step)
            self._add({"samples": size, "loss": loss * size, name: figure * size})
            yield StepCompleted(
                step=step.step,
                epoch=self.epoch + 1,
                seconds=seconds,
                samples=size,
                metrics={"loss": loss, name: figure},
                lr=self.config.lr,
            )

    def _figures(self, told: list[_Untold], sizes: list[int]) -> tuple[str, list[float]]:
        outputs = torch.cat([step.output for step in told]).float()
        targets = torch.cat([step.targets for step in told])
        values = self.loss.probabilities(outputs, self.info)
        if self.info.task == "classification":
            name, each = "accuracy", (values.argmax(1) == targets).float()
        else:
            name, each = "mae", (values - targets).abs()
        return name, torch.stack([part.mean() for part in torch.split(each, sizes)]).tolist()

    def _check_finite(self, loss: float, step: int) -> None:
        if not math.isfinite(loss):
            self.saved_step = self.step  # these weights are lost; keep the checkpoint that is there
            raise UserError(
                "The loss stopped being a finite number at step {step}. Lower lr, or normalize the "
                "data, and train again.",
                step=step,
            )

    def _add(self, figures: dict[str, float]) -> None:
        for name, figure in figures.items():
            self.sums[name] = self.sums.get(name, 0.0) + figure

    def _measure_epoch(self) -> Iterator[Event]:
        samples = self.sums.pop("samples", 0.0)
        train = {name: total / samples for name, total in self.sums.items()} if samples else {}
        self.sums = {}
        predictions = predict(self.network, self.batches, "val", self.loss)
        val = metrics_of(predictions, self.info)
        yield EpochCompleted(
            epoch=self.epoch,
            step=self.step,
            seconds=self.watch.seconds,
            samples_per_second=self._samples_per_second(),
            train=train,
            val=val,
            best=self._keep_if_best(val or train),
        )
        last = self.epoch == self.config.epochs
        if val and self.seen_due.due(force=last):
            yield self._wrote(lambda: self._predictions_saved(predictions, "val"))
        if self.last_due.due(force=last):
            yield self._wrote(self._checkpoint_saved)

    def _samples_per_second(self) -> float:
        return self.epoch * self.batches.size("train") / self.watch.seconds

    def _keep_if_best(self, metrics: Metrics) -> bool:
        if not metrics or metrics["loss"] >= self.best.get("loss", math.inf):
            return False
        weights = {
            name: value.detach().to("cpu", copy=True)
            for name, value in self.network.state_dict().items()
        }
        self.best = {"model": weights, "epoch": self.epoch, "loss": metrics["loss"]}
        return True

    def _finish(self) -> Iterator[Event]:
        if self.best:
            self.network.load_state_dict(self.best["model"])
        predictions = predict(self.network, self.batches, "test", self.loss)
        test = metrics_of(predictions, self.info)
        if test:
            yield self._wrote(lambda: self._predictions_saved(predictions, "test"))
        yield RunCompleted(
            reason="completed",
            epoch=self.epoch,
            step=self.step,
            seconds=self.watch.seconds,
            test=test,
        )

    def _predictions_saved(self, predictions: Any, split: Any) -> Event:
        path = self.run.predictions(split, self.epoch)
        save_predictions(predictions, path)
        return PredictionsSaved(path=self._inside(path), split=split, epoch=self.epoch)

    def _inside(self, path: Path) -> str:
        return path.relative_to(self.run.folder).as_posix()  # so that a run can be moved

    def _wrote(self, write: Any) -> Event:
        """What `write` gives, or an event that says why the disk refused: training goes on."""
        try:
            return write()  # type: ignore[no-any-return]
        except UserError as error:
            return WriteFailed(reason=str(error))

    def _checkpoint_saved(self) -> CheckpointSaved:
        if self.best and self.best.get("saved") is not True:
            checkpoint.save({**self.best, "step": self.step}, self.run.best)
            self.best["saved"] = True
        checkpoint.save(self._state(), self.run.last)
        self.saved_step = self.step
        return CheckpointSaved(path=self._inside(self.run.last), epoch=self.epoch, step=self.step)

    def keep_last(self) -> None:
        """Save the last checkpoint if steps were made since. Runs on the way out: never raises."""
        if self.step in (0, self.saved_step):
            return
        try:
            list(self._tell())
            self._checkpoint_saved()
        except UserError as error:
            log.warning("%s", error)

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.watch.seconds,
            "sums": self.sums,
            "best": self.best,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint of the same project was taken.

        Raises:
            UserError: the checkpoint is of another network.
        """
        self.start_from(state)
        try:
            self.optimizer.load_state_dict(state["optimizer"])
            torch.set_rng_state(state["rng"])
            self.epoch, self.step = state["epoch"], state["step"]
            self.sums, self.best = state["sums"], state["best"]
            self.watch.before = state["seconds"]
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise UserError("The checkpoint can't be resumed: {reason}.", reason=error) from error
        self.saved_step = self.step

    def start_from(self, state: dict[str, Any]) -> None:
        """Take the weights of a checkpoint.

        Raises:
            UserError: they are of another network.
        """
        try:
            self.network.load_state_dict(state["model"])
        except (RuntimeError, TypeError, AttributeError) as error:
            raise UserError(
                "The weights do not fit this network: {reason}", reason=error
            ) from error
