"""`Training`: the state of a run, which is what a checkpoint holds, and the loop over it."""

import logging
import math
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import torch

from workbench.core.errors import UserError
from workbench.core.events import (
    EpochCompleted,
    Event,
    Metrics,
    RecipeChanged,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint, machine
from workbench.engine.balance import StepLoss
from workbench.engine.best import Best
from workbench.engine.build import build
from workbench.engine.chance import rng_states, set_rng_states
from workbench.engine.changes import Changes
from workbench.engine.figures import Figures, not_finite
from workbench.engine.pace import Rate, Share, Stopwatch
from workbench.engine.placed import lay, placed
from workbench.engine.predict import metrics_of, predict
from workbench.engine.run_files import RunFiles
from workbench.engine.stepper import Stepper
from workbench.engine.tuning import Tuning, tuned

log = logging.getLogger(__name__)

REPORT_SECONDS = 1 / 10  # Losses are read back in bursts: on a GPU each reading waits for it,
# and on a CPU each wakes the window, which takes a core from the step.
CHECKPOINT_SHARE = 0.01  # of the time: an epoch of a linear model takes 5 ms, a durable write 10
CHECKPOINT_LONGEST = 300.0  # Seconds of work that may be lost, however slow the disk is.
CHECKPOINT_IN_EPOCH = 10.0  # Seconds without one before an epoch's end isn't waited for.
PREDICTIONS_SECONDS = 0.25  # As often as a person can look at them.


class Training:
    """A run of `project`: fresh, or as the checkpoint `before` has it, which `restore` takes up."""

    def __init__(
        self, project: Project, run: Run, changes: Changes, before: Mapping[str, Any]
    ) -> None:
        self.project, self.run, self.changes = project, run, changes
        self.changed: dict[str, Any] = dict(before.get("changed", {}))
        self.changes_made: list[RecipeChanged] = []
        self.config = project.train.replace(**self.changed)
        self.device = machine.device(self.config.device)
        torch.manual_seed(self.config.seed)
        self.info, self.loss = project.data.info(), self.config.loss
        network = build(project.model, self.info.shape)
        self.network, self.batches = placed(network, project.data, self.device)
        if not any(each.requires_grad for each in self.network.parameters()):
            raise UserError("The network has nothing to learn: add a layer with parameters.")
        samples = self.batches.size("train")
        self.batch_size = self.config.batch_length(samples)
        self.step_size = self.config.step_length(samples)
        self.steps_per_epoch = self.config.steps_per_epoch(samples)
        self.epoch = self.step = 0  # both completed
        self.figures = Figures(self.loss, self.info)
        self.best, self.files = Best(), RunFiles(run)
        self.untold: list[StepCompleted] = []
        self.saved_step, self.diverged = -1, False
        self.report, self.seen_due = Rate(REPORT_SECONDS), Rate(PREDICTIONS_SECONDS)
        self.watch, self.saves = Stopwatch(), Share(CHECKPOINT_SHARE, longest=CHECKPOINT_LONGEST)
        self.stepper, self.tuning = self._stepper(before)

    def _stepper(self, before: Mapping[str, Any]) -> tuple[Stepper, Tuning]:
        """What makes the steps, tuned for speed: a run that is resumed stays as it was."""
        measure = StepLoss(self.loss, self.info, self.batches.class_weights())
        tuning = Tuning.recorded(before)
        tuning = tuning or tuned(self.network, self.project, self.batches, measure)
        lay(self.network, self.batches, tuning.channels_last)
        config, steps = tuning.recipe(self.config), self.steps_per_epoch
        made = Stepper(self.network, config, measure, self.device, steps, fused=tuning.fused)
        return made, tuning

    # -- the loop

    def events(self) -> Generator[Event]:
        """The whole run."""
        yield self._started()
        yield from self._tell()
        while self._goes_on():
            yield from self._train_epoch()
            self.epoch += 1
            yield from self._measure_epoch()
            yield from self._change()
        yield from self._finish()

    def _goes_on(self) -> bool:
        """Whether an epoch follows: no more than the recipe's patience lie behind the best one."""
        patience = self.config.patience
        stalled = bool(patience) and self.best.epochs_since(self.epoch) >= patience
        return self.epoch < self.config.epochs and not stalled

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
            tuning=asdict(self.tuning),
        )

    def _train_epoch(self) -> Iterator[Event]:
        self.network.train()
        done = self.step - self.epoch * self.steps_per_epoch
        order = self.batches.shuffled(self.step_size, self.config.seed, self.epoch + 1, done)
        for batch in order:
            yield from self._change()
            lr = self.stepper.lr
            output, loss = self.stepper.step(batch)
            self.step += 1
            self.figures.add(self.step, lr, output, batch.targets, loss)
            if self.report.due():
                yield from self._tell()
                if self.saves.due(CHECKPOINT_IN_EPOCH) and checkpoint.is_finite(self.network):
                    yield self._save()
        yield from self._tell()

    def _change(self) -> Iterator[RecipeChanged]:
        if self.changes and self.take_up(**self.changes.take()):
            yield self.changes_made[-1]

    def take_up(self, lr: float | None = None, epochs: int | None = None) -> bool:
        """Go on with another recipe, if it is one; the epoch that has begun is finished."""
        begun = math.ceil(self.step / self.steps_per_epoch)
        most = max(epochs or self.config.epochs, begun, 1)
        changed = self.config.replace(lr=lr or self.config.lr, epochs=most)
        if changed == self.config:
            return False
        self.stepper.change(self.tuning.recipe(changed))
        self.config, self.changed = changed, {"lr": changed.lr, "epochs": changed.epochs}
        self.changes_made.append(RecipeChanged(step=self.step, **self.changed))
        return True

    def _tell(self) -> Iterator[StepCompleted]:
        """Tell of the last steps. Who stops in between leaves the rest to a resumed run."""
        self._read()
        while self.untold:
            if not math.isfinite(self.untold[0].metrics["loss"]):
                raise not_finite(self.untold[0].step)
            yield self.untold.pop(0)

    def _read(self) -> None:
        """Read the figures of the last steps back, in one go."""
        told, seconds = self.figures.read(), self.watch.seconds
        self.diverged |= not all(math.isfinite(step.metrics["loss"]) for step in told)
        self.untold += [
            StepCompleted(
                step=step.step,
                epoch=self.epoch + 1,
                seconds=seconds,
                samples=step.samples,
                metrics=step.metrics,
                lr=step.lr,
            )
            for step in told
        ]

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
        if val and self.seen_due.due(force=not self._goes_on()):
            yield self.files.predictions(predictions, "val", self.epoch)
        if self.saves.due():
            yield self._save()

    def _check_healthy(self, val: Metrics) -> None:
        """See that the last step of an epoch has not led to where no loss was measured yet."""
        if not math.isfinite(val.get("loss", 0.0)) or not checkpoint.is_finite(self.network):
            self.diverged = True
            raise not_finite(self.step)

    def _finish(self) -> Iterator[Event]:
        if self.saved_step != self.step:
            yield self._save()
        self.saved_step = self.step  # the best weights are no state to go on from
        kept = self.best.state or {"model": checkpoint.copied(self.stepper.measured)}
        self.network.load_state_dict(kept["model"])
        predictions = predict(self.network, self.batches, "test", self.loss)
        test = metrics_of(predictions, self.info)
        if test:
            yield self.files.predictions(predictions, "test", self.epoch)
        yield RunCompleted(
            reason="early" if self.epoch < self.config.epochs else "completed",
            epoch=self.epoch,
            step=self.step,
            seconds=self.watch.seconds,
            test=test,
        )

    # -- its state

    def _save(self) -> Event:
        with self.saves.spending():
            event = self.files.checkpoints(self._state, self.best)
        if not isinstance(event, WriteFailed):
            self.saved_step = self.step
        return event

    def save_first(self) -> None:
        """Keep a state before the first step, so that a run that is killed goes on from it."""
        self._save()
        self.saved_step = -1

    def keep_last(self) -> None:
        """Save the last checkpoint if steps were made since. Runs on the way out: never raises."""
        if self.step in (0, self.saved_step):
            return
        try:
            self._read()
            if not self.diverged and checkpoint.is_finite(self.network):
                event = self._save()
                if isinstance(event, WriteFailed):
                    log.warning("%s", event.reason)
        except UserError as error:
            log.warning("%s", error)

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.network.state_dict(),
            "stepper": self.stepper.state(),
            "rng": rng_states(self.device),
            "threads": torch.get_num_threads(),
            "changed": self.changed,
            "tuning": asdict(self.tuning),
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.watch.seconds,
            "sums": self.figures.sums,
            "best": self.best.state,
            "untold": [asdict(step) for step in self.untold],
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
            self.untold = [StepCompleted(**step) for step in state["untold"]]
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
