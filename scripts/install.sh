#!/bin/sh
# Makes the virtual environment and installs voicebot into it, with its development tools.
set -eu
python=$1
venv=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "voicebot needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12 setup" >&2
    exit 1
}
[ -x "$venv/bin/python" ] || {
    echo "==> making a virtual environment in $venv"
    "$python" -m venv "$venv" || {
        echo "The venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
}
echo "==> installing voicebot and its models (about 400 MB the first time)"
"$venv/bin/python" -m pip install --disable-pip-version-check -e '.[dev]'
"$venv/bin/python" -c 'import voicebot.cli.main' || {
    echo "The installation did not finish; the lines above say why." >&2
    exit 1
}
