"""`tensorboard`: TensorBoard on the runs folder, on this machine alone."""

import json
import logging
import sys
import time
from argparse import Namespace
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.places import runs_dir

LOOPBACK = "127.0.0.1"
# What it draws of each tag. By itself it keeps 1,000 points of a curve and drops the others.
SAMPLES = {"scalars": 100_000, "histograms": 500, "images": 100, "pr_curves": 500}


def tensorboard(options: Namespace) -> int:
    """Serve TensorBoard until a signal comes; its address is printed once it listens.

    Raises:
        UserError: it is not installed, or its port is taken.
    """
    folder = Path(options.runs_dir).absolute() if options.runs_dir else runs_dir()
    url = _launched(folder, options.port)
    if options.json:
        print(json.dumps({"url": url, "folder": str(folder)}))
    else:
        print(f"TensorBoard on {folder}: {url}\nCtrl+C ends it.")
    sys.stdout.flush()
    if options.until_eof:
        sys.stdin.buffer.read()
    else:
        _wait_for_ever()
    return 0


def _launched(folder: Path, port: int) -> str:
    try:
        from tensorboard import program
        from tensorboard.util import tb_logging
    except ImportError as error:
        raise UserError(
            "TensorBoard can't be loaded: {reason}. `pip install tensorboard` gets it.",
            reason=error,
        ) from error
    tb_logging.get_logger().setLevel(logging.ERROR)  # it warns of a TensorFlow that is not needed
    board = program.TensorBoard()
    board.configure(logdir=str(folder), host=LOOPBACK, port=port, samples_per_plugin=dict(SAMPLES))
    try:
        url: str = board.launch()
    except program.TensorBoardServerException as error:
        raise UserError("TensorBoard could not be started: {reason}", reason=error.msg) from error
    return url


def _wait_for_ever() -> None:
    while True:
        time.sleep(3600)
