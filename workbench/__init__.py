"""Torch Workbench: build, train and understand neural networks in a window, and take them away."""

__version__ = "0.1.0"
