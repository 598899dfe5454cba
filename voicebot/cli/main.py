"""The ``voicebot`` command: puts the commands together and turns errors into lines and exit codes.

Exit codes: 0 done, 1 a problem was found in the input or the work failed, 2 used wrongly.
"""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

import voicebot
from voicebot.cli.deferred import Deferred, group_of
from voicebot.errors import UsageError, VoicebotError

COMMANDS: Final = (
    Deferred("serve", "serve:serve", "Answer calls until SIGTERM or Ctrl-C."),
    Deferred("new", "new:new", "Begin an application in an empty folder."),
    Deferred(
        "check", "check:check", "Check an application: flows, grammars, actions and recordings."
    ),
    Deferred("graph", "graph:graph", "Draw the flows."),
    Deferred("try", "try_:try_flow", "Play a flow by typing."),
    Deferred("test", "conversations:play_conversations", "Play conversation tests."),
    Deferred("replay", "replay:replay_calls", "Play recorded calls through an edited application."),
    Deferred("call", "call:call", "Call the running server with a recorded caller."),
    Deferred("dial", "dial:dial", "Have the running server call somebody."),
    Deferred("outbox", "outbox:outbox", "Show the messages in text that went out."),
    Deferred("recognize", "recognize:recognize", "Recognize utterances along a grammar."),
    Deferred("transcribe", "transcribe:transcribe", "Write down what is said, of any length."),
    Deferred("say", "say:say", "Speak a text into a sound file."),
    Deferred("capacity", "capacity:capacity", "Measure how many calls this machine carries."),
    Deferred("staff", "staff:staff", "Plan how many agents are needed, and when."),
    Deferred("report", "report:report", "Tell how the line is doing."),
    Deferred("export", "report:export", "Write contacts as comma-separated values."),
    Deferred("demo-data", "demo_data:demo_data", "Make up a month of calls to the demo shop."),
    Deferred("user", "user:app", "Add, list and change those who may sign in."),
    Deferred("token", "tokens:app", "Make, list and revoke keys of programs to the API."),
    Deferred("audit", "audit:audit", "Print who did what, when and from where."),
    Deferred("tidy", "tidy:tidy", "Delete what is older than it is to be kept."),
    Deferred("forget", "forget:forget", "Show and delete what is kept of a caller."),
    Deferred("backup", "backup:backup", "Write all records into one file."),
    Deferred("restore", "backup:restore", "Put back what a backup holds."),
    Deferred("grammar", "grammar:app", "Parse, sample and check grammars."),
    Deferred("intents", "intents:app", "Train, test and explain intents."),
    Deferred("knowledge", "knowledge:app", "Ask the articles, and see what they lack."),
    Deferred("models", "models:app", "List and fetch speech models."),
    Deferred("prompts", "prompts:app", "Render prompts ahead of time."),
)

app = typer.Typer(
    name="voicebot",
    cls=group_of(COMMANDS),
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
