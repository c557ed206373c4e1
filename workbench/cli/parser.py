"""What can be typed: the commands with their options, and their help."""

import argparse
from typing import Any, NoReturn

from workbench import __version__
from workbench.cli import (
    checking,
    coding,
    data_checking,
    evaluating,
    exporting,
    info,
    listing,
    lr,
    making,
    past,
    predicting,
    tensorboard,
    training,
    verifying,
)
from workbench.core.errors import UserError

USAGE = """workbench [FILE]             open the window
       workbench COMMAND [OPTION]   work without one"""
EXAMPLE = """example:
  workbench new --template small_cnn --data digits -o digits.workbench
  workbench new --data houses.csv --target price -o houses.workbench
  workbench train digits.workbench --epochs 5 --set train.lr=0.01
  workbench evaluate RUN_DIR

Names may be written in any case, with or without - and _.
`workbench COMMAND --help` tells more of a command."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other mistake's."""

    def error(self, message: str) -> NoReturn:
        raise UserError(
            "{complaint}; `{program} --help` tells how it is used.",
            complaint=message,
            program=self.prog,
        )


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; `command` of what it gives is the function to call."""
    top = _Parser(
        prog="workbench",
        usage=USAGE,
        description="Build, train and understand neural networks.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    version = f"workbench {__version__}"
    top.add_argument("-V", "--version", action="version", version=version, help="tell the version")
    commands = top.add_subparsers(
        title="commands", metavar="COMMAND", required=True, prog="workbench"
    )
    _add_new(commands)
    _add_train(commands)
    _add_lr(commands)
    _add_evaluate(commands)
    _add_runs(commands)
    _add_tensorboard(commands)
    purpose = "see whether the train.py of a run does what the run did"
    verify = _add(commands, "verify", verifying.verify, purpose)
    verify.add_argument("run", metavar="RUN_DIR", help="the folder of a run")
    _add_export(commands)
    _add_predict(commands)
    _add_info(commands)
    _add_data(commands)
    _add_code(commands)
    _add_check(commands)
    for name, function in listing.LISTS.items():
        _add(commands, name, function, f"list the {name} that can be named")
    return top


def _add(commands: Any, name: str, function: Any, purpose: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.", allow_abbrev=False
    )
    added.set_defaults(command=function)
    added.add_argument("--json", action="store_true", help="print JSON")
    return added


def _add_new(commands: Any) -> None:
    new = _add(commands, "new", making.new, "make a project file from a template")
    new.add_argument(
        "--template",
        metavar="NAME",
        help="see `workbench templates`; else one that suits the data",
    )
    new.add_argument(
        "--data",
        metavar="NAME|PATH",
        help="see `workbench datasets`, or a file or folder of yours; else the template's own",
    )
    new.add_argument("--target", metavar="COLUMN", help="the column of a table to be predicted")
    new.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="data.FIELD=VALUE",
        help="how the data are read and split, such as data.window=24 or data.val_fraction=0.2",
    )
    new.add_argument("-o", "--output", metavar="FILE", required=True, help="F.workbench")
    new.add_argument("--force", action="store_true", help="replace FILE if it exists")


def _add_train(commands: Any) -> None:
    train = _add(commands, "train", training.train, "train a project in a new run folder")
    source = train.add_mutually_exclusive_group(required=True)
    source.add_argument("file", metavar="FILE", nargs="?", help="a project, F.workbench")
    source.add_argument(
        "--resume", metavar="RUN_DIR", help="go on with a run that was stopped, killed or crashed"
    )
    train.add_argument("--runs-dir", metavar="DIR", help="where run folders are made")
    train.add_argument("--epochs", type=int, metavar="N", help="instead of the project's")
    train.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:N or mps")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change any value of the project for this run, such as train.loss.type=MSELoss "
        "or model.layers[0].out_channels=8",
    )


def _add_lr(commands: Any) -> None:
    purpose = "find the learning rate at which the loss falls most steeply"
    found = _add(commands, "lr", lr.lr, purpose)
    found.add_argument("file", metavar="FILE", help="a project, F.workbench")
    found.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:N or mps")
    found.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change any value of the project, such as train.optimizer.type=SGD",
    )
    found.set_defaults(epochs=None)


def _add_evaluate(commands: Any) -> None:
    purpose = "measure the best weights of a run, or a model"
    evaluate = _add(commands, "evaluate", evaluating.evaluate, purpose)
    evaluate.add_argument("model", metavar="RUN_DIR|MODEL", help="a run, or a file with a model")
    evaluate.add_argument("--data", metavar="FILE", help="a project whose data it is measured on")
    evaluate.add_argument(
        "--split", choices=("train", "val", "test"), default="test", help="test, if not given"
    )


def _add_export(commands: Any) -> None:
    purpose = "write a trained model as a file of another program, checked against this one"
    export = _add(commands, "export", exporting.export, purpose)
    export.add_argument("model", metavar="RUN_DIR|MODEL", help="a run, or a file with a model")
    export.add_argument("--to", required=True, choices=exporting.KINDS, help="the format")
    export.add_argument(
        "-o", "--output", metavar="PATH", required=True, help="a file; for python a folder"
    )
    _add_project(export)
    export.add_argument("--force", action="store_true", help="replace PATH if it exists")


def _add_predict(commands: Any) -> None:
    purpose = "tell what a trained model says of files: a line of JSON for each sample"
    predict = _add(commands, "predict", predicting.predict, purpose)
    predict.add_argument("model", metavar="RUN_DIR|MODEL", help="a run, or a file with a model")
    predict.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="+",
        help="pictures, tables or arrays (.npy)",
    )
    _add_project(predict)


def _add_project(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--project", metavar="FILE", help="whose network MODEL is of, where it holds weights alone"
    )


def _add_runs(commands: Any) -> None:
    runs = _add(commands, "runs", past.runs, "list the runs of the past, newest first")
    runs.add_argument("--runs-dir", metavar="DIR", help="where their folders lie")


def _add_tensorboard(commands: Any) -> None:
    purpose = "serve TensorBoard on the runs folder, on this machine alone"
    board = _add(commands, "tensorboard", tensorboard.tensorboard, purpose)
    board.add_argument("runs_dir", metavar="DIR", nargs="?", help="of runs, or the folder of one")
    board.add_argument(
        "--port", type=int, default=0, metavar="N", help="else one that is free is taken"
    )
    board.add_argument(
        "--until-eof", action="store_true", help="end with standard input, as the window wants it"
    )


def _add_info(commands: Any) -> None:
    told = _add(commands, "info", info.info, "tell what a project or a run holds")
    told.add_argument("path", metavar="FILE|RUN_DIR", help="a project, or the folder of a run")


def _add_data(commands: Any) -> None:
    purpose = "look into data: `data check`"
    data = commands.add_parser("data", help=purpose, description=purpose, allow_abbrev=False)
    actions = data.add_subparsers(metavar="ACTION", required=True, prog="workbench data")
    check = _add(actions, "check", data_checking.check, "tell what is wrong with data")
    check.add_argument("path", metavar="PATH|FILE", help="a file or folder of data, or a project")


def _add_check(commands: Any) -> None:
    purpose = "tell what a project should get right before it is trained"
    check = _add(commands, "check", checking.check, purpose)
    check.add_argument("file", metavar="FILE", help="a project, F.workbench")


def _add_code(commands: Any) -> None:
    code = _add(commands, "code", coding.code, "write a project or a run as plain PyTorch")
    code.add_argument("path", metavar="FILE|RUN_DIR", help="a project, or the folder of a run")
    code.add_argument("--train", action="store_true", help="the whole program, train.py")
    code.add_argument("-o", "--output", metavar="PATH", help="a file; else it is printed")
    code.add_argument("--force", action="store_true", help="replace PATH if it exists")
