"""The ``voicebot`` command: puts the commands together and turns errors into lines and exit codes.

Exit codes: 0 done, 1 a problem was found in the input or the work failed, 2 used wrongly.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import voicebot
from voicebot.cli import (
    call,
    check,
    dial,
    grammar,
    intents,
    models,
    prompts,
    recognize,
    say,
    serve,
    transcribe,
    try_,
)
from voicebot.errors import UsageError, VoicebotError

app = typer.Typer(
    name="voicebot",
    help="A speech IVR and voice-bot server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"voicebot {voicebot.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """A speech IVR and voice-bot server."""


app.command("serve")(serve.serve)
app.command("check")(check.check)
app.command("try")(try_.try_flow)
app.command("call")(call.call)
app.command("dial")(dial.dial)
app.command("recognize")(recognize.recognize)
app.command("transcribe")(transcribe.transcribe)
app.command("say")(say.say)
app.add_typer(grammar.app, name="grammar", help="Parse, sample and check grammars.")
app.add_typer(intents.app, name="intents", help="Train, test and explain intents.")
app.add_typer(models.app, name="models", help="List and fetch speech models.")
app.add_typer(prompts.app, name="prompts", help="Render prompts ahead of time.")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except UsageError as error:
        _fail(error, 2)
    except VoicebotError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)


def _fail(error: VoicebotError, status: int) -> None:
    typer.echo(f"voicebot: {error}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
