"""Networks that read a sample step by step: the rows of an image, the columns of a table."""

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.conv import Conv1d
from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.normalization import BatchNorm1d
from workbench.catalog.layers.pooling import MaxPool1d
from workbench.catalog.layers.pooling_adaptive import AdaptiveAvgPool1d
from workbench.catalog.layers.recurrent import GRU, LSTM, RNN
from workbench.catalog.layers.reshape import Flatten, Permute, Unflatten
from workbench.core.data import DatasetInfo
from workbench.core.layer import LayerSpec, Shape
from workbench.core.template import Template


def as_sequence(shape: Shape) -> list[LayerSpec]:
    """Layers that bring a sample to (length, features): the rows of an image from the top down,
    the values of a table one by one."""
    if len(shape) == 1:
        return [Unflatten(unflattened_size=(shape[0], 1))]
    if len(shape) == 2:
        return []
    if shape[0] == 1:
        return [Flatten(start_dim=1, end_dim=2)]
    return [Permute(dims=(2, 1, 3)), Flatten(start_dim=2, end_dim=3)]  # colours side by side


def as_signal(shape: Shape) -> list[LayerSpec]:
    """Layers that bring a sample to (channels, length): a table to one channel, the rows of an
    image to channels."""
    if len(shape) == 1:
        return [Unflatten(unflattened_size=(1, shape[0]))]
    return [Flatten(start_dim=1, end_dim=2)] if len(shape) == 3 else []


class RNNClassifier(Template):
    """Elman, Finding Structure in Time, 1990: the last state of a plain recurrent network."""

    name = "rnn_classifier"
    title = "RNN classifier"
    summary = "Reads an image row by row and keeps a state: the plainest recurrent network"
    year = 1990
    topic = "Sequences"
    dataset = "Digits"
    recipe: ClassVar[dict[str, Any]] = {"epochs": 30}
    reads: ClassVar[type[LayerSpec]] = RNN

    @classmethod
    def layers(cls, info: DatasetInfo, outputs: int) -> Sequence[LayerSpec]:
        reader = cls.reads.model_validate({"hidden_size": 128})
        return [*as_sequence(info.shape), reader, Linear(out_features=outputs)]


class LSTMClassifier(RNNClassifier):
    """Hochreiter and Schmidhuber, Long Short-Term Memory, 1997."""

    name = "lstm_classifier"
    title = "LSTM classifier"
    summary = "Reads row by row; gates decide what is kept, so that it remembers for longer"
    year = 1997
    reads: ClassVar[type[LayerSpec]] = LSTM


class GRUClassifier(RNNClassifier):
    """Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014."""

    name = "gru_classifier"
    title = "GRU classifier"
    summary = "Reads row by row with two gates: as good as an LSTM, a quarter smaller"
    year = 2014
    reads: ClassVar[type[LayerSpec]] = GRU


class CNN1d(Template):
    """Convolutions along the columns of a table, the steps of a signal or the rows of an image."""

    name = "cnn_1d"
    title = "1-D CNN"
    summary = "Convolutions along a row of numbers: for signals, and tables with neighbours"
    year = 1989
    topic = "Sequences"
    dataset = "BreastCancer"
    recipe: ClassVar[dict[str, Any]] = {"epochs": 30, "batch_size": 32}

    @classmethod
    def layers(cls, info: DatasetInfo, outputs: int) -> Sequence[LayerSpec]:
        smaller = [MaxPool1d(kernel_size=2)] if info.shape[-1] > 1 else []
        return [
            *as_signal(info.shape),
            *cls._convolved(32),
            *smaller,
            *cls._convolved(64),
            AdaptiveAvgPool1d(output_size=1),
            Flatten(),
            Linear(out_features=outputs),
        ]

    @staticmethod
    def _convolved(channels: int) -> list[LayerSpec]:
        conv = Conv1d(out_channels=channels, kernel_size=3, padding=1, bias=False)
        return [conv, BatchNorm1d(), ReLU()]
