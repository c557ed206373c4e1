"""How weights and gradients are spread."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

BINS = 64  # TensorBoard draws 30


def add_histograms(writer: "SummaryWriter", network: nn.Module, step: int) -> None:
    """Every parameter, and its gradient of the last step."""
    for name, parameter in network.named_parameters():
        path = name.replace(".", "/")
        _add(writer, f"weights/{path}", parameter.detach(), step)
        if parameter.grad is not None:
            _add(writer, f"gradients/{path}", parameter.grad, step)


def _add(writer: "SummaryWriter", tag: str, tensor: Tensor, step: int) -> None:
    """Counted on the device: `add_histogram` sorts a copy in double precision, which takes an
    11-million-parameter network a hundred times as long."""
    values = tensor.float().flatten()
    values = values[values.isfinite()]
    if not len(values):
        return
    low, high = values.min().item(), values.max().item()
    if low == high:  # as of biases that are still 0: a bin around it
        low, high = low - 0.5, high + 0.5
    counts = torch.histc(values, BINS, low, high)
    writer.add_histogram_raw(
        tag,
        min=values.min().item(),
        max=values.max().item(),
        num=len(values),
        sum=values.sum(dtype=torch.float64).item(),
        sum_squares=values.square().sum(dtype=torch.float64).item(),
        # TensorBoard reads a bin from the limit before it, so an empty one opens the row.
        bucket_limits=[low, *torch.linspace(low, high, BINS + 1)[1:].tolist()],
        bucket_counts=[0.0, *counts.tolist()],
        global_step=step,
    )
