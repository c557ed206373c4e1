#!/bin/sh
# Makes a checkout ready: a virtual environment in .venv, the packages in it, and the system
# libraries of Qt. A second call finds everything in place and takes a fraction of a second.
#
#   packaging/setup.sh          to run the program
#   packaging/setup.sh dev      and its tests (the dependency group "dev" of pyproject.toml)
#   packaging/setup.sh bundle   and to build the bundle
set -eu
cd "$(dirname "$0")/.."
group=${1:-}
constraints=packaging/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

# System packages ---------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# apt_install PACKAGE...: installs them, or fails quietly where that takes a password or another tool.
apt_install() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    say "installing system packages: $*"
    apt_log=$(mktemp)
    { as_root apt-get update -qq || true  # an old list may do
      as_root env DEBIAN_FRONTEND=noninteractive \
          apt-get install -y -qq --no-install-recommends "$@"; } >"$apt_log" 2>&1 </dev/null ||
        { tail -n 5 "$apt_log" >&2; rm -f "$apt_log"; return 1; }
    rm -f "$apt_log"
}

# Python and the virtual environment --------------------------------------------------------

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for python in python3 python3.13 python3.12 python3.11; do
        if new_enough "$python"; then
            "$python" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

ensure_python() {
    python=$(find_python) && return
    apt_install python3 python3-venv && python=$(find_python) && return
    fail "Python 3.11 or newer is needed and none was found; on Debian 12, Ubuntu 24.04 or newer:" \
        "sudo apt-get install python3 python3-venv"
}

# Debian ships Python without the part that puts pip into a virtual environment.
ensure_venv_module() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    apt_install "$package" && "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    fail "$python can't make virtual environments, because the package $package is missing;" \
        "install it and try again: sudo apt-get install $package"
}

ensure_venv() {
    new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    ensure_python
    ensure_venv_module
    say "making a virtual environment in .venv with $("$python" -V)"
    "$python" -m venv --clear .venv ||
        fail "the virtual environment in $PWD/.venv could not be made; the reason is above."
}

# Packages ----------------------------------------------------------------------------------

# A progress bar for a person; nothing for a log unless something fails.
pip_install() {
    if [ -t 1 ]; then quiet=; else quiet="--quiet --quiet"; fi
    .venv/bin/python -m pip install $quiet --constraint "$constraints" "$@" </dev/null ||
        fail "pip could not install the packages; its reason is above. After mending it," \
            "the same command goes on where it stopped."
}

pinned() {
    grep -E "^($1)==" "$constraints"
}

# What an installation depends on: this list and nothing else makes it stale.
state() {
    { cat pyproject.toml "$constraints" packaging/setup.sh; pwd; .venv/bin/python -V; } | cksum
}

ready() {
    [ "$(cat ".venv/ready-$1" 2>/dev/null)" = "$(state)" ]
}

install_packages() {
    if ! ready run; then
        say "installing the packages (PyTorch is large: some 3 GB on Linux)"
        pip_install pip
        # First and by their exact versions, so that torch and torchvision fit together.
        pip_install $(pinned "torch|torchvision")
        pip_install --editable .
        state >.venv/ready-run
    fi
    if [ -n "$group" ] && ! ready "$group"; then
        say "installing the tools of the group $group"
        pip_install --group "$group"
        state >".venv/ready-$group"
    fi
}

# Qt's libraries ----------------------------------------------------------------------------

missing_libraries() {
    .venv/bin/python packaging/missing_libraries.py
}

ensure_libraries() {
    missing=$(missing_libraries)
    [ -z "$missing" ] && return
    apt_install $missing || true
    missing=$(missing_libraries)
    [ -z "$missing" ] && return
    echo "setup: the window needs system libraries that could not be installed from here:" \
        "sudo apt-get install $missing (on other systems: the packages with the same libraries)" >&2
    # X11's may be missing under Wayland; without the others Qt does not load at all.
    .venv/bin/python -c 'import PySide6.QtWidgets' 2>/dev/null || exit 1
}

ensure_venv
install_packages
ensure_libraries
