#!/bin/sh
# Makes the virtual environment and installs voicebot into it, with its development tools.
set -eu
python=$1
venv=$2

command -v "$python" >/dev/null 2>&1 || {
    echo "There is no '$python' here. Name a Python 3.11 or newer: make PYTHON=python3.12 setup" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "voicebot needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12 setup" >&2
    exit 1
}
[ -w . ] || {
    echo "The folder $PWD cannot be written to. Clone voicebot where you may write." >&2
    exit 1
}
"$venv/bin/python" -c 'import pip, sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null || {
    "$python" -c 'import ensurepip, venv' 2>/dev/null || {
        echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
    echo "==> making a virtual environment in $venv"
    # What an interrupted setup left of one is no use.
    "$python" -m venv --clear "$venv"
}
echo "==> installing voicebot and its models (about 500 MB the first time)"
{
    "$venv/bin/python" -m pip install --disable-pip-version-check -e '.[dev]' &&
        "$venv/bin/python" -c 'import voicebot.cli.main'
} || {
    echo "The installation did not finish; the lines above say why. The first one needs the network." >&2
    echo "Run it again: what was fetched is kept. To begin anew: make clean" >&2
    exit 1
}
