"""One optimizer step and all that moves with it: precision, gradients, lr, averaged weights."""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LinearLR, LRScheduler, ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from workbench.core.errors import UserError
from workbench.core.train import TrainConfig
from workbench.engine.batches import Batch

WARM_UP_FROM = 0.01  # of lr
FORMATS = {"bf16": torch.bfloat16, "fp16": torch.float16}

Measure = Callable[..., Tensor]
"""The loss of an output for the targets as the data has them; of a part of a step, what it adds to
the loss of the whole step, whose targets come third: `balance.StepLoss`."""


@contextmanager
def _without_optimizer() -> Iterator[None]:
    """Here a scheduler may move where the optimizer made no step, of which torch warns."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
        yield


class Stepper:
    """Makes steps of `config` on `network`; its `state` is what exact resume needs."""

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        measure: Measure,
        device: torch.device,
        steps_per_epoch: int,
        *,
        fused: bool = True,
    ) -> None:
        self.network, self.config = network, config
        self._forward = torch.compile(network) if config.compile else network
        self._measure, self._device, self._steps = measure, device, steps_per_epoch
        self.optimizer = config.optimizer.make(network, config.lr, fused)
        self._learned = [each for each in network.parameters() if each.requires_grad]
        self.scheduler = self._scheduler()
        self._warming = self._warm_up()
        self.scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
        self._average = self._averaged()

    def _scheduler(self) -> LRScheduler | None:
        epochs = self.config.scheduled_epochs(self._steps)
        return self.config.scheduler.make(self.optimizer, epochs, self._steps)

    def _warm_up(self) -> LinearLR | None:
        steps = self.config.warmup_steps
        if not steps:
            return None
        if self.config.scheduler.every_step:
            raise UserError(
                "{scheduler} warms up by itself: set the warm-up steps to 0.",
                scheduler=self.config.scheduler.kind,
            )
        return LinearLR(self.optimizer, start_factor=WARM_UP_FROM, total_iters=steps)

    def _averaged(self) -> AveragedModel | None:
        decay = self.config.ema_decay
        if not decay:
            return None
        # the running figures of BatchNorm are averaged too: they belong to the weights
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        return AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def measured(self) -> nn.Module:
        """The network that is measured and kept: the average where there is one."""
        found = self._average.module if self._average else self.network
        assert isinstance(found, nn.Module)
        return found

    # -- a step

    def step(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Learn from a batch; gives its outputs (n, ...) and its mean loss before the step."""
        if type(self.optimizer) is torch.optim.LBFGS:
            told = self._step_with_closure(batch)
        else:
            told = self._gradients(batch)
            self.scaler.step(self.optimizer)
            self.scaler.update()
        if self._average:
            self._average.update_parameters(self.network)
        self.after_step()
        return told

    def _step_with_closure(self, batch: Batch) -> tuple[Tensor, Tensor]:
        first: list[tuple[Tensor, Tensor]] = []

        def closure() -> Tensor:
            found = self._gradients(batch)
            first.append(found)
            return found[1]

        self.optimizer.step(closure)  # type: ignore[arg-type]  # torch's own types want a float
        return first[0]

    def _gradients(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Backward over the batch, in parts if gradients are accumulated."""
        for parameter in self._learned:  # zero_grad asks a profiler twice, a tenth of a short step
            parameter.grad = None
        whole = self.config.accumulate == 1  # nothing to cut, which would cost another tenth
        told = self._backward(*batch) if whole else self._accumulated(batch)
        self._clip()
        return told

    def _accumulated(self, batch: Batch) -> tuple[Tensor, Tensor]:
        size = math.ceil(len(batch.targets) / self.config.accumulate)
        cut = zip(torch.split(batch.inputs, size), torch.split(batch.targets, size), strict=True)
        parts = [self._backward(*part, batch.targets) for part in cut]
        outputs, losses = zip(*parts, strict=True)
        return torch.cat(outputs), sum(losses[1:], losses[0])

    def _backward(self, inputs: Tensor, *targets: Tensor) -> tuple[Tensor, Tensor]:
        """Add the gradients of a step, or of a part of one: then its targets come behind."""
        with self._autocast():
            output = self._output(inputs)
            loss = self._measure(output, *targets)
        torch.autograd.backward(self.scaler.scale(loss))
        return output.detach(), loss.detach()

    def _output(self, inputs: Tensor) -> Tensor:
        try:
            output: Tensor = self._forward(inputs)
        except ValueError as error:  # BatchNorm of a single value: no shape of a sample tells it
            raise UserError(
                "A batch of {size} can't be trained on: {reason}. Choose another batch size.",
                size=len(inputs),
                reason=error,
            ) from error
        return output

    def _autocast(self) -> AbstractContextManager[Any]:
        dtype = FORMATS.get(self.config.precision)
        return torch.autocast(self._device.type, dtype=dtype) if dtype else nullcontext()

    def _clip(self) -> None:
        if self.config.max_norm is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.max_norm)

    # -- lr

    def after_step(self) -> None:
        """Move lr behind a step. One whose gradients were too large for fp16 counts too, though it
        changed nothing: the length of a warm-up and of a cycle is in steps that are told."""
        moving = self._warming if self.warming else self._each_step
        if moving:
            with _without_optimizer() if self.scaler.is_enabled() else nullcontext():
                moving.step()

    @property
    def _each_step(self) -> LRScheduler | None:
        return self.scheduler if self.config.scheduler.every_step else None

    @property
    def warming(self) -> bool:
        """Whether lr still grows to its value."""
        return bool(self._warming and self._warming.last_epoch < self.config.warmup_steps)

    def end_epoch(self, loss: float) -> None:
        """Move lr as an epoch of this validation loss (else training loss) ends."""
        if self.scheduler is None or self.config.scheduler.every_step or self.warming:
            return
        with _without_optimizer():  # a run resumed at the very end of an epoch made no step yet
            if isinstance(self.scheduler, ReduceLROnPlateau):
                self.scheduler.step(loss)
            else:
                self.scheduler.step()

    def change(self, config: TrainConfig) -> None:
        """Go on with another lr or number of epochs, as if the recipe had always said so."""
        if config.lr != self.config.lr:
            self._scale(config.lr / self.config.lr)
        was, self.config = self.config, config
        if config.epochs != was.epochs and self.scheduler and config.scheduler.needs_length:
            self._reschedule()

    def _scale(self, factor: float) -> None:
        for group in self.optimizer.param_groups:
            for name in ("lr", "initial_lr", "max_lr", "min_lr"):
                if name in group:
                    group[name] *= factor
        for each in (self.scheduler, self._warming):
            if each is not None and hasattr(each, "base_lrs"):
                each.base_lrs = [lr * factor for lr in each.base_lrs]

    def _reschedule(self) -> None:
        """A scheduler for the new length, moved to where the run is."""
        assert self.scheduler
        moved, lrs = self.scheduler.last_epoch, [g["lr"] for g in self.optimizer.param_groups]
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.lr
        made = self._scheduler()
        with _without_optimizer():
            for _ in range(moved):
                made.step()  # type: ignore[union-attr]
        self.scheduler = made
        if self.warming:
            for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
                group["lr"] = lr

    # -- state

    def _parts(self) -> dict[str, Any]:
        named = {
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
            "warming": self._warming,
            "scaler": self.scaler if self.scaler.is_enabled() else None,
            "average": self._average,
        }
        return {name: part for name, part in named.items() if part is not None}

    def state(self) -> dict[str, Any]:
        """Everything beside the network's weights, as tensors and plain containers."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`.

        Raises:
            KeyError, ValueError, TypeError, RuntimeError: it is of another recipe or network.
        """
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
