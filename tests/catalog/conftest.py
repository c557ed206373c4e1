"""Torch works in the tests' own process here."""

from one_thread import one_thread

__all__ = ["one_thread"]
