"""How the threads of torch wait for one another."""

import os

SPINS = 1_000
"""Rounds, a few microseconds, for which a thread asks whether the others are done before it sleeps.

GNU OpenMP's own 300,000 are the time of a whole step: where anything else works on the machine, a
thread that asks keeps the one that it waits for from the core. With two threads on two cores that
were busy a step of an MLP took 510 ms so and 12 ms with this, one of a small CNN 320 ms and 85 ms.
"""


def wait_asleep() -> None:
    """Have them sleep soon, unless the user has said how they wait. It is read once, as torch is
    imported: to be called before."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
