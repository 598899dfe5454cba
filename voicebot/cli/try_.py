"""``voicebot try``: play a flow in the terminal, by typing what a caller would say.

The same grammars, flows and actions as in a call; only the speech is missing. Typed text is
matched by the grammars, a line of digits is keys, an empty line is silence, and the end of the
input is the caller hanging up.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from voicebot.actions.registry import ActionRegistry, load_actions
from voicebot.actions.seed import database_urls, seed_samples
from voicebot.application import pronouncer
from voicebot.config import Settings, load_settings
from voicebot.errors import ActionError
from voicebot.flows.commands import (
    Act,
    ActionDone,
    ActionFailed,
    Command,
    ContactStarted,
    FlowEvent,
    HangUp,
    InputMatched,
    Listen,
    NoInput,
    NoMatch,
    Say,
    SendText,
    TextSent,
    Transfer,
    TransferDone,
    TransferMode,
    TransferRefused,
    TransferReturned,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import ACTIONS_FILE, load_flows
from voicebot.grammar.active import Match
from voicebot.grammar.store import GrammarStore
from voicebot.logs import configure_logging
from voicebot.sessions.grammars import ListenGrammars
from voicebot.speech.spoken import text
from voicebot.types import KEYS, Heard, Json, Language, Mode

RunAction = Callable[[str, Mapping[str, Json]], Json]


def try_flow(
    folder: Annotated[
        Path | None, typer.Argument(help="Application folder; the configured one if left out.")
    ] = None,
    flow: Annotated[str, typer.Option(help="Flow that answers.")] = "",
    refuse_transfers: Annotated[
        bool, typer.Option("--refuse-transfers", help="Play that nobody takes a transfer.")
    ] = False,
) -> None:
    """Play a flow by typing: words, keys (a line of digits), or nothing for silence."""
    settings = load_settings()
    configure_logging("error")  # what fails is shown in the conversation itself
    application = folder or settings.server.application
    flows = load_flows(application / "flows")
    interpreter = Interpreter(flows, flow or settings.calls.flow)
    language = flows[flow or settings.calls.flow].language
    store = GrammarStore(application / "grammars")
    with asyncio.Runner() as runner:
        registry = runner.run(_actions(application, settings))
        try:
            player = Player(
                interpreter,
                TypedInput(store),
                lambda name, arguments: runner.run(registry.run(name, arguments)),
                Console(highlight=False, soft_wrap=True),
                language,
                takes_transfers=not refuse_transfers,
            )
            player.play()
        finally:
            runner.run(registry.aclose())


async def _actions(application: Path, settings: Settings) -> ActionRegistry:
    data = settings.server.data
    await seed_samples(application, data, settings.databases)
    urls = database_urls(application, data, settings.databases)
    return load_actions(application / "flows" / ACTIONS_FILE, urls)


class TypedInput:
    """Makes a typed line what the flow would hear."""

    def __init__(self, store: GrammarStore) -> None:
        self._grammars = ListenGrammars(store, pronounce=pronouncer)

    def event(self, line: str, listen: Listen) -> FlowEvent:
        line = line.strip()
        if not line:
            return NoInput()
        if all(character in KEYS for character in line):
            return self.pressed(line, listen)
        return self.said(line, listen)

    def pressed(self, line: str, listen: Listen, *, today: date | None = None) -> FlowEvent:
        """What comes of pressing these keys; ``today`` as in `said`."""
        heard = self.keys(line, listen, today)
        return InputMatched(heard) if heard is not None else NoMatch()

    def said(
        self, line: str, listen: Listen, mode: Mode = Mode.TEXT, *, today: date | None = None
    ) -> FlowEvent:
        """What comes of these words, those that are near to an item of a list among them.

        ``today`` is the day for words such as 'tomorrow', None for the local date.
        """
        heard = self.words(line, listen, today)
        if heard is not None:
            return InputMatched(replace(heard, mode=mode))
        return self._grammars.nearest_now(listen.grammars, NoMatch(line), mode)

    def keys(self, line: str, listen: Listen, today: date | None = None) -> Heard | None:
        """What pressing these keys means; None for a nomatch."""
        keys = line if line in listen.keys else line.removesuffix(listen.termchar or " ")
        if keys in listen.keys:
            return Heard(keys, listen.keys[keys], 1.0, Mode.DTMF)
        return _heard(self._grammars.now(listen.grammars).match_keys(keys, today), Mode.DTMF)

    def words(self, line: str, listen: Listen, today: date | None = None) -> Heard | None:
        """What these words mean; None for a nomatch."""
        if not listen.grammars:
            return None
        match = self._grammars.now(listen.grammars).match_words([line], today)
        return _heard(match, Mode.TEXT)


def _heard(match: Match | None, mode: Mode) -> Heard | None:
    return Heard(match.text, match.semantics, 1.0, mode, match.grammar) if match else None


class Player:
    """Drives the interpreter from the keyboard, and shows what happens."""

    def __init__(
        self,
        interpreter: Interpreter,
        typed: TypedInput,
        run_action: RunAction,
        console: Console,
        language: Language,
        *,
        takes_transfers: bool,
    ) -> None:
        self._interpreter = interpreter
        self._typed = typed
        self._run_action = run_action
        self._console = console
        self._language = language
        self._takes_transfers = takes_transfers

    def play(self) -> None:
        """One contact, from greeting to hang-up."""
        state = self._interpreter.begin()
        event: FlowEvent | None = ContactStarted({"channel": "terminal"})
        while event is not None:
            state, commands = self._interpreter.receive(state, event)
            try:
                event = self._carry_out(commands)
            except EOFError:
                outcome = state.outcome_if_hung_up
                self._show("you", f"(hung up: {outcome})", "dim")
                return

    def _carry_out(self, commands: list[Command]) -> FlowEvent | None:
        """Show what is said; do the last command and give what came of it, None at the end."""
        for command in commands:
            match command:
                case Say(prompt):
                    self._show("bot", text(prompt, self._language, date.today()))
                case Listen():
                    return self._listen(command)
                case Act(action, arguments):
                    return self._act(action, arguments)
                case Transfer():
                    return self._transfer(command)
                case SendText(number, _):
                    self._show("", f"a link goes to {number or 'the page'}", "dim")
                    return TextSent()
                case HangUp(outcome, reason):
                    self._show("bot", f"(hangs up: {outcome}, {reason})", "dim")
        return None

    def _listen(self, listen: Listen) -> FlowEvent:
        line = self._read()
        event = self._typed.event(line, listen)
        if isinstance(event, InputMatched):
            meaning = json.dumps(event.heard.semantics, ensure_ascii=False)
            self._show("", f"{meaning}  {event.heard.grammar or 'keys'}", "dim")
        else:
            self._show("", "silence" if isinstance(event, NoInput) else "no match", "dim")
        return event

    def _read(self) -> str:
        if sys.stdin.isatty():
            return self._console.input(Text("you  ", style="bold cyan"))
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        self._show("you", line.rstrip("\n"))
        return line

    def _act(self, action: str, arguments: Mapping[str, Json]) -> FlowEvent:
        asked = f"{action} {json.dumps(dict(arguments), ensure_ascii=False)}"
        try:
            value = self._run_action(action, arguments)
        except ActionError as error:
            self._show("", f"{asked} failed: {error.problem}", "dim")
            return ActionFailed(error.problem)
        self._show("", f"{asked} -> {json.dumps(value, ensure_ascii=False)}", "dim")
        return ActionDone(value)

    def _transfer(self, transfer: Transfer) -> FlowEvent:
        target = transfer.target
        told = json.dumps(dict(transfer.context), ensure_ascii=False)
        for prompt in transfer.while_waiting:
            self._show("bot", text(prompt, self._language, date.today()))
        if not self._takes_transfers:
            self._show("", f"{target} does not take the call", "dim")
            return TransferRefused("nobody took the call")
        self._show("", f"{target} takes the call, told {told}", "dim")
        if transfer.mode is not TransferMode.BRIDGE:
            return TransferDone()
        self._show("", f"{target} leaves", "dim")
        return TransferReturned(0.0)

    def _show(self, who: str, words: str, style: str = "") -> None:
        self._console.print(Text(f"{who:5}", style="bold").append(words, style=style or "not bold"))
