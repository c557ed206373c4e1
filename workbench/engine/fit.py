"""Training: a generator of events. Who pulls them decides on pause (wait) and stop (close)."""

import logging
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
from torch import nn

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
from workbench.engine import checkpoint, machine, pretrained
from workbench.engine.balance import StepLoss
from workbench.engine.batches import Batches, loading
from workbench.engine.best import Best
from workbench.engine.build import build
from workbench.engine.chance import rng_states, set_rng_states
from workbench.engine.figures import Figures, not_finite
from workbench.engine.pace import Rate, Stopwatch
from workbench.engine.placed import placed
from workbench.engine.predict import metrics_of, predict
from workbench.engine.predict import save as save_predictions
from workbench.engine.stepper import Stepper

log = logging.getLogger(__name__)

REPORT_SECONDS = 1 / 30  # Losses are read back in bursts: on a GPU each reading waits for it.
CHECKPOINT_SECONDS = 1.0  # An epoch of a linear model takes 5 ms, a durable write 10.
PREDICTIONS_SECONDS = 0.25  # As often as a person can look at them.


def fit(
    project: Project,
    run: Run,
    *,
    resume: bool = False,
    weights: Path | None = None,
    begun: Callable[[nn.Module, Batches], None] = lambda *_: None,
) -> Generator[Event]:
    """Train the project's network; checkpoints and predictions go into the run folder.

    Closing the generator stops after the current step and keeps the last checkpoint. With
    `resume` it goes on from that; with `weights`, a checkpoint, it starts from those. `begun`
    is shown what is trained, on what, before the first event of the run.

    Raises:
        UserError: the project can't be trained, or the loss stops being a finite number.
    """
    project.check()
    yield from loading(project.data)
    training = _Training(project, run)
    if resume:
        training.restore(checkpoint.load(run.last))
    elif weights:
        training.start_from(checkpoint.load(weights))
    else:
        pretrained.load(project.model, training.network)
    begun(training.network, training.batches)
    watch = training.watch
    watch.start()
    try:
        with closing(training.events()) as events:
            for event in events:
                watch.stop()
                yield event
                watch.start()
    finally:
        training.keep_last()


class _Training:
    """The state of a training run, which is what a checkpoint holds, and the loop over it."""

    def __init__(self, project: Project, run: Run) -> None:
        self.project, self.run, self.config = project, run, project.train
        self.device = machine.device(self.config.device)
        torch.manual_seed(self.config.seed)
        self.info = project.data.info()
        network = build(project.model, self.info.shape)
        self.network, self.batches = placed(network, project.data, self.device)
        self.loss = self.config.loss
        samples = self.batches.size("train")
        self.batch_size = self.config.batch_length(samples)
        self.step_size = min(self.batch_size * self.config.accumulate, samples)
        self.steps_per_epoch = math.ceil(samples / self.step_size)
        self.stepper = self._stepper()
        self.epoch = self.step = 0  # both completed
        self.figures = Figures(self.loss, self.info)
        self.best = Best()
        self.saved_step = -1
        self.diverged = False
        self.watch = Stopwatch()
        self.report = Rate(REPORT_SECONDS)
        self.last_due, self.seen_due = Rate(CHECKPOINT_SECONDS), Rate(PREDICTIONS_SECONDS)

    def _stepper(self) -> Stepper:
        if not any(each.requires_grad for each in self.network.parameters()):
            raise UserError("The network has nothing to learn: add a layer with parameters.")
        measure = StepLoss(self.loss, self.info, self.batches.class_weights())
        return Stepper(self.network, self.config, measure, self.device, self.steps_per_epoch)

    def events(self) -> Generator[Event]:
        """The whole run."""
        yield self._started()
        while self.epoch < self.config.epochs and not self._has_stalled():
            yield from self._train_epoch()
            self.epoch += 1
            yield from self._measure_epoch()
        yield from self._finish()

    def _has_stalled(self) -> bool:
        """Whether the loss has not got better for as many epochs as the recipe's patience."""
        patience = self.config.patience
        return bool(patience) and self.best.epochs_since(self.epoch) >= patience

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
        order = self.batches.shuffled(self.step_size, self.config.seed, self.epoch + 1, done)
        for batch in order:
            lr = self.stepper.lr
            output, loss = self.stepper.step(batch)
            self.step += 1
            self.figures.add(self.step, lr, output, batch.targets, loss)
            if self.report.due():
                yield from self._tell()
        yield from self._tell()

    def _tell(self) -> Iterator[StepCompleted]:
        """Read the figures of the last steps back, in one go."""
        told = self.figures.read()
        self.diverged |= not all(math.isfinite(step.metrics["loss"]) for step in told)
        seconds = self.watch.seconds
        for step in told:
            if not math.isfinite(step.metrics["loss"]):
                raise not_finite(step.step)
            yield StepCompleted(
                step=step.step,
                epoch=self.epoch + 1,
                seconds=seconds,
                samples=step.samples,
                metrics=step.metrics,
                lr=step.lr,
            )

    def _measure_epoch(self) -> Iterator[Event]:
        train = self.figures.epoch_means()
        predictions = predict(self.stepper.measured, self.batches, "val", self.loss)
        val = metrics_of(predictions, self.info)
        self._check_healthy(val)
        self.stepper.end_epoch((val or train)["loss"])
        yield EpochCompleted(
            epoch=self.epoch,
            step=self.step,
            seconds=self.watch.seconds,
            samples_per_second=self.epoch * self.batches.size("train") / self.watch.seconds,
            train=train,
            val=val,
            best=self.best.take(self.stepper.measured, val or train, self.epoch, self.step),
        )
        last = self.epoch == self.config.epochs or self._has_stalled()
        if val and self.seen_due.due(force=last):
            yield self._wrote(lambda: self._predictions_saved(predictions, "val"))
        if self.last_due.due(force=last):
            yield self._wrote(self._checkpoint_saved)

    def _check_healthy(self, val: Metrics) -> None:
        """See that the last step of an epoch has not led to where no loss was measured yet."""
        if not math.isfinite(val.get("loss", 0.0)) or not checkpoint.is_finite(self.network):
            self.diverged = True
            raise not_finite(self.step)

    def _finish(self) -> Iterator[Event]:
        self.saved_step = self.step  # the best weights are no state to go on from
        kept = self.best.state or {"model": checkpoint.copied(self.stepper.measured)}
        self.network.load_state_dict(kept["model"])
        predictions = predict(self.network, self.batches, "test", self.loss)
        test = metrics_of(predictions, self.info)
        if test:
            yield self._wrote(lambda: self._predictions_saved(predictions, "test"))
        yield RunCompleted(
            reason="early" if self.epoch < self.config.epochs else "completed",
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
        if self.best.state and not self.best.saved:
            checkpoint.save(self.best.state, self.run.best)
            self.best.saved = True
        checkpoint.save(self._state(), self.run.last)
        self.saved_step = self.step
        return CheckpointSaved(path=self._inside(self.run.last), epoch=self.epoch, step=self.step)

    def keep_last(self) -> None:
        """Save the last checkpoint if steps were made since. Runs on the way out: never raises."""
        if self.step in (0, self.saved_step):
            return
        try:
            list(self._tell())
            if not self.diverged and checkpoint.is_finite(self.network):
                self._checkpoint_saved()
        except UserError as error:
            log.warning("%s", error)

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.network.state_dict(),
            "stepper": self.stepper.state(),
            "rng": rng_states(self.device),
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.watch.seconds,
            "sums": self.figures.sums,
            "best": self.best.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint of the same project was taken.

        Raises:
            UserError: the checkpoint is of another network, or of an older program.
        """
        if "stepper" not in state:
            raise UserError(
                "The checkpoint of {run} was made by an older version and can't be resumed; its "
                "weights can be loaded, and the run's project trained anew.",
                run=self.run.name,
            )
        self.start_from(state)
        try:
            self.stepper.restore(state["stepper"])
            set_rng_states(state["rng"], self.device)
            self.epoch, self.step = state["epoch"], state["step"]
            self.figures.sums, self.best.state = state["sums"], state["best"]
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
