"""``scripts/install.sh``, which `make setup` runs, with a Python that only pretends to install."""

from __future__ import annotations

import subprocess
from pathlib import Path

PROJECT = Path(__file__).parent.parent
WORKS = """\
#!/bin/sh
case "$*" in
  "--version") echo "Python 3.9.2" ;;
  *version_info*) exit {too_old} ;;
  *sys.prefix*) test -f "${{0%/*}}/pip" ;;
  "-m venv --clear "*)
    rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && touch "$4/bin/pip" ;;
  *"pip install"*) exit {no_network} ;;
esac
"""


def setup(folder: Path, *, too_old: int = 0, no_network: int = 0) -> tuple[int, str]:
    """How the script ends in ``folder``, and all that it says."""
    python = folder / "python"
    python.write_text(WORKS.format(too_old=too_old, no_network=no_network))
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", str(PROJECT / "scripts" / "install.sh"), str(python), ".venv"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    code, said = setup(tmp_path)
    assert (code, "making a virtual environment" in said) == (0, True)
    code, said = setup(tmp_path)
    assert (code, "making a virtual environment" in said) == (0, False)


def test_one_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    setup(tmp_path)
    (tmp_path / ".venv" / "bin" / "pip").unlink()
    code, said = setup(tmp_path)
    assert (code, "making a virtual environment" in said) == (0, True)


def test_an_old_python_is_told_with_the_remedy(tmp_path: Path) -> None:
    code, said = setup(tmp_path, too_old=1)
    assert code == 1
    assert "needs Python 3.11 or newer" in said
    assert "make PYTHON=" in said


def test_an_installation_that_fails_says_how_to_go_on(tmp_path: Path) -> None:
    code, said = setup(tmp_path, no_network=1)
    assert code == 1
    assert "did not finish" in said
    assert "make clean" in said
