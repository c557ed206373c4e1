"""Datasets, one class each; a new class here is found by itself."""
