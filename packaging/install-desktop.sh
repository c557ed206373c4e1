#!/bin/sh
# Puts Torch Workbench into this user's desktop menu and makes it the program for *.workbench
# files. Nothing is asked of the system; running it again renews what it wrote.
#
#   packaging/install-desktop.sh [COMMAND]     COMMAND: the installed workbench, found by itself
#                                              in the bundle, in .venv or on the PATH
#   packaging/install-desktop.sh --remove
set -eu
here=$(cd "$(dirname "$0")" && pwd)
share=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$share/applications/workbench.desktop
mime=$share/mime/packages/workbench-mime.xml
icon=$share/icons/hicolor/scalable/apps/workbench.svg

find_command() {
    for command in "$here/../dist/workbench/workbench" "$here/../.venv/bin/workbench"; do
        if [ -x "$command" ]; then realpath "$command"; return; fi
    done
    command -v workbench
}

# The desktop's indexes; a desktop without these tools reads the folders by itself.
refresh() {
    if command -v update-mime-database >/dev/null && [ -d "$share/mime" ]; then
        update-mime-database "$share/mime"
    fi
    if command -v update-desktop-database >/dev/null && [ -d "$share/applications" ]; then
        update-desktop-database "$share/applications"
    fi
}

if [ "${1:-}" = --remove ]; then
    rm -f "$entry" "$mime" "$icon"
    refresh
    exit
fi

command=${1:-$(find_command)} || {
    echo "No workbench command was found: run 'make run' or 'pip install .' first, or name it." >&2
    exit 1
}
mkdir -p "$(dirname "$entry")" "$(dirname "$mime")" "$(dirname "$icon")"
escaped=$(printf %s "$command" | sed 's/[\\|&]/\\&/g')
sed "s|^Exec=workbench|Exec=\"$escaped\"|" "$here/workbench.desktop" >"$entry"
cp "$here/workbench-mime.xml" "$mime"
cp "$here/../resources/icons/workbench.svg" "$icon"
refresh
echo "Torch Workbench is in the desktop's menu and opens *.workbench files; it starts $command."
