"""Test accuracy and seconds of the small CNN on two datasets, by the command line."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def learn(data: str) -> None:
    """Train the small CNN on a dataset and print what came out."""
    command = [sys.executable, "-m", "workbench"]
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project.workbench"
        new = ["new", "--template", "small_cnn", "--data", data, "-o", str(project)]
        subprocess.run([*command, *new], check=True, capture_output=True)
        train = ["train", str(project), "--runs-dir", folder, "--json"]
        started = time.perf_counter()
        told = subprocess.run([*command, *train], check=True, capture_output=True, text=True)
        whole = time.perf_counter() - started
    last = json.loads(told.stdout.splitlines()[-1])
    print(
        f"{data}: test accuracy {last['test']['accuracy']:.3f} after {last['seconds']:.1f} s of "
        f"training, {whole:.1f} s with the start of Python and torch"
    )


if __name__ == "__main__":
    learn("fashion_mnist_small")
    learn("digits")
