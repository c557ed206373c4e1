"""Transforms by what they do; a new class here is found by itself."""
