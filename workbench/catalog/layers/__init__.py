"""Layers, one class each under its `torch.nn` name; a new class here is found by itself."""
