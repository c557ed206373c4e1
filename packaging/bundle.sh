#!/bin/sh
# Builds dist/workbench, a folder that runs without Python, and tries it out away from the checkout:
# it starts, lists its layers, trains for one epoch and opens its window.
set -eu
cd "$(dirname "$0")/.."
packaging/setup.sh bundle

echo "bundle: building dist/workbench (minutes)"
.venv/bin/python -m PyInstaller --noconfirm --clean --log-level ERROR packaging/workbench.spec

program=$PWD/dist/workbench/workbench
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Nothing of this shell's environment: the bundle stands on its own.
bundled() {
    (cd "$scratch" && env -i HOME="$scratch" WORKBENCH_HOME="$scratch" PATH=/usr/bin:/bin \
        LC_ALL=C.UTF-8 QT_QPA_PLATFORM=offscreen "$@")
}

check() {
    what=$1
    shift
    echo "bundle: $what"
    bundled "$@" >"$scratch/output" 2>&1 ||
        { cat "$scratch/output" >&2; echo "bundle: failed: $what" >&2; exit 1; }
}

expect() {
    grep -q -- "$1" "$scratch/output" ||
        { cat "$scratch/output" >&2; echo "bundle: '$1' is missing from what it printed" >&2; exit 1; }
}

check "it starts" "$program" --version
expect "$(sed -n 's/^__version__ = "\(.*\)"/\1/p' workbench/__init__.py)"
check "it lists its layers" "$program" layers
expect Conv2d
check "it makes a project" "$program" new --template small_cnn --data FashionMNISTSmall -o try.workbench
check "it trains for one epoch" \
    "$program" train try.workbench --runs-dir "$scratch/runs" --epochs 1 --json
expect RunCompleted
check "its window opens and closes" WORKBENCH_QUIT_AT_ONCE=1 "$program"

echo "bundle: dist/workbench is well, $(du -sh dist/workbench | cut -f1)"
