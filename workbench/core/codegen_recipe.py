"""The recipe of a training program as Python: what `engine.stepper` does with it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.pretty import LENGTH
from workbench.core.project import Project
from workbench.core.source import literal, unique

FORMATS = {"bf16": "bfloat16", "fp16": "float16"}


def device_type(project: Project) -> str:
    """`cuda` of `cuda:1`."""
    return project.train.device.partition(":")[0]


class RecipeCode:
    """The lines around the forward pass, as few as this recipe needs."""

    def __init__(self, project: Project, fused: bool, weights: Path | None = None) -> None:
        self.config = config = project.train
        self.made, self.weights = config.optimizer.source(config.lr, fused), weights
        layers = [layer for _, layer in project.model.nested()]
        self.starts = [] if weights else [layer.start_source() for layer in layers]
        self.several = config.optimizer.several
        self.with_closure = config.optimizer.with_closure
        self.by_step = config.scheduler.every_step
        self.steps = f"math.ceil(len(train[1]) / {self.step_size})"
        self.shortens = config.scheduler.needs_length and config.warmup_steps > 1
        epochs = "scheduled" if self.shortens else "EPOCHS"
        self.scheduler = config.scheduler.source(config.lr, epochs, self.steps)
        self.is_scaled = config.precision == "fp16"
        self.device = device_type(project)
        self.check_told()

    def check_told(self) -> None:
        """See that the program would do what the recipe does.

        Raises:
            UserError: it has what no program tells.
        """
        untold = {"accumulation": self.config.accumulate > 1, "precision": self.is_scaled}
        for name, is_wanted in untold.items():
            if is_wanted and self.with_closure:
                raise UserError(
                    "train.py can't tell the {name} of this project together with {optimizer}. "
                    "Take the network alone, or train by `workbench train`.",
                    name=name,
                    optimizer=self.config.optimizer.kind,
                )

    # -- what it needs around it

    @property
    def imports(self) -> Iterator[str]:
        """Import statements."""
        if self.config.ema_decay:
            yield "from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn"

    @property
    def constants(self) -> Iterator[str]:
        """Assignments at the top."""
        config = self.config
        yield from (line for part in self.starts for line in part.constants)
        if self.weights:
            yield f"WEIGHTS = {literal(str(self.weights))}"
        if config.batch_size != "all" and config.accumulate == 1:
            yield f"BATCH_SIZE = {config.batch_size}"
        elif config.batch_size != "all":
            yield f"STEP_SIZE = {config.batch_size * config.accumulate}  # samples"
        if config.accumulate > 1:
            yield f"ACCUMULATE = {config.accumulate}  # parts that a step is made of"
        if config.warmup_steps:
            yield f"WARMUP_STEPS = {config.warmup_steps}"
        if config.patience:
            yield f"PATIENCE = {config.patience}  # epochs without a better loss"

    def functions(self) -> tuple[str, ...]:
        """Functions that make it."""
        parts = [*self.starts, self.made]
        return tuple(unique(text for part in parts for text in part.functions))

    @property
    def step_size(self) -> str:
        """How many samples a step is of."""
        if self.config.batch_size == "all":
            return "len(train[1])"
        return "STEP_SIZE" if self.config.accumulate > 1 else "BATCH_SIZE"

    @property
    def measured(self) -> str:
        """The network that is measured and kept."""
        return "average.module" if self.config.ema_decay else "model"

    # -- before the loop

    def settings(self) -> Iterator[str]:
        """Of torch as a whole."""
        if self.config.threads:
            yield f"torch.set_num_threads({self.config.threads})"
        if self.config.deterministic:
            yield "torch.use_deterministic_algorithms(True)"
        if self.config.precision == "tf32":
            yield 'torch.set_float32_matmul_precision("high")'
        elif self.device == "cuda":
            yield "torch.backends.cudnn.allow_tf32 = False"

    def starting(self) -> Iterator[str]:
        """Behind the network."""
        yield from (line for part in self.starts for line in part.lines)
        if self.weights:
            yield "held = torch.load(WEIGHTS, map_location=DEVICE, weights_only=True)"
            yield 'model.load_state_dict(held["model"])'
        if self.config.compile:
            yield "compiled = torch.compile(model)"

    def making(self) -> Iterator[str]:
        """The optimizer and all that moves with it."""
        yield from self.made.lines
        if self.shortens:
            yield "# epochs behind the warm-up"
            yield f"scheduled = max(EPOCHS - (WARMUP_STEPS - 1) // {self.steps}, 1)"
        if self.scheduler:
            yield from self._each_made("scheduler", self.scheduler)
        if self.config.warmup_steps:
            call = "LinearLR(optimizer, start_factor=0.01, total_iters=WARMUP_STEPS)"
            yield from self._each_made("warmup", f"torch.optim.lr_scheduler.{call}")
            yield "step = 0"
        if self.config.ema_decay:
            average = f"get_ema_multi_avg_fn({self.config.ema_decay!r})"
            yield f"average = AveragedModel(model, multi_avg_fn={average}, use_buffers=True)"
        if self.is_scaled:
            yield f'scaler = torch.amp.GradScaler("{self.device}")'

    def _each_made(self, name: str, call: str) -> list[str]:
        if not self.several:
            return [f"{name} = {call}"]
        inner = f"{call} for optimizer in optimizers"
        if len(f"{name}s = [{inner}]") <= LENGTH - 4:
            return [f"{name}s = [{inner}]"]
        if len(inner) <= LENGTH - 8:
            return [f"{name}s = [", f"    {inner}", "]"]
        if len(call) > LENGTH - 8:
            start, _, arguments = call.partition("(")
            call = f"{start}(\n        {arguments[:-1]}\n    )"
        return [f"{name}s = [", *f"    {call}".split("\n"), "    for optimizer in optimizers", "]"]

    def _each(self, name: str, call: str) -> list[str]:
        """A call of the only optimizer or scheduler, or of all."""
        if not self.several:
            return [call]
        return [f"for {name} in {name}s:", f"    {call}"]

    # -- a step

    def step(self, forward: Iterable[str], measured: str, shared: bool) -> Iterator[str]:
        """Learn from `batch` and `labels`: `loss` is what it was before. With `shared`, that of a
        part is its share of the step's."""
        if self.with_closure:
            yield from self._closure(forward)
        elif self.config.accumulate > 1:
            yield from self._accumulated(forward, measured, shared)
        else:
            yield "model.zero_grad()" if self.several else "optimizer.zero_grad()"
            yield from self._backward(forward)
        if not self.with_closure:
            yield from self._clipped()
            yield from self._stepped()
        if self.config.ema_decay:
            yield "average.update_parameters(model)"
        yield from self._after_step()

    def _backward(self, forward: Iterable[str]) -> Iterator[str]:
        yield from self._in_precision(forward)
        yield "scaler.scale(loss).backward()" if self.is_scaled else "loss.backward()"

    def _in_precision(self, forward: Iterable[str]) -> Iterator[str]:
        if self.config.precision not in FORMATS:
            yield from forward
            return
        dtype = FORMATS[self.config.precision]
        yield f'with torch.autocast("{self.device}", dtype=torch.{dtype}):'
        yield from (f"    {line}" for line in forward)

    def _accumulated(self, forward: Iterable[str], measured: str, shared: bool) -> Iterator[str]:
        yield "model.zero_grad()" if self.several else "optimizer.zero_grad()"
        yield "parts = []"
        yield "size = math.ceil(len(chosen) / ACCUMULATE)"
        yield "for batch, labels in zip(inputs.split(size), targets.split(size)):"
        yield from (f"    {line}" for line in self._in_precision(forward))
        if not shared:
            yield "    loss = loss * (len(batch) / len(chosen))"
        yield "    scaler.scale(loss).backward()" if self.is_scaled else "    loss.backward()"
        yield "    parts.append(loss.detach())"
        yield f"    {measured}"
        yield "loss = sum(parts)"

    def _closure(self, forward: Iterable[str]) -> Iterator[str]:
        yield "told = []"
        yield ""
        yield "def closure(batch=batch, labels=labels, told=told):"
        yield "    optimizer.zero_grad()"
        yield from (f"    {line}" for line in self._backward(forward))
        yield from (f"    {line}" for line in self._clipped())
        yield "    told.append((output.detach(), loss.detach()))"
        yield "    return loss"
        yield ""
        yield "optimizer.step(closure)"
        yield "output, loss = told[0]  # before the step"

    def _clipped(self) -> Iterator[str]:
        if self.config.max_norm is None:
            return
        if self.is_scaled:
            yield from self._each("optimizer", "scaler.unscale_(optimizer)")
        yield f"nn.utils.clip_grad_norm_(model.parameters(), {self.config.max_norm!r})"

    def _stepped(self) -> Iterator[str]:
        if self.is_scaled:
            yield from self._each("optimizer", "scaler.step(optimizer)")
            yield "scaler.update()"
        else:
            yield from self._each("optimizer", "optimizer.step()")

    def _after_step(self) -> Iterator[str]:
        if self.config.warmup_steps:
            yield "step += 1"
            yield "if step <= WARMUP_STEPS:"
            yield from (f"    {line}" for line in self._each("warmup", "warmup.step()"))
        elif self.by_step:
            yield from self._each("scheduler", "scheduler.step()")

    def epoch_end(self) -> Iterator[str]:
        """Behind the measuring of an epoch, whose loss is `loss`."""
        if not self.scheduler or self.by_step:
            return
        told = "loss" if self.config.scheduler.needs_loss else ""
        lines = self._each("scheduler", f"scheduler.step({told})")
        if self.config.warmup_steps:
            yield "if step >= WARMUP_STEPS:"
            lines = [f"    {line}" for line in lines]
        yield from lines
