"""``voicebot try``: play a flow in the terminal, by typing what a caller would say.

The same grammars, flows and actions as in a call; only the speech is missing. Typed text is
matched by the grammars, a line of digits is keys, an empty line is silence, and the end of the
input is the caller hanging up.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from voicebot.actions.functions.source import FOLDER as FUNCTIONS
from voicebot.actions.registry import ActionRegistry, load_actions
from voicebot.actions.seed import database_urls, seed_samples
from voicebot.application import pronouncer
from voicebot.cli.library import load_intents, load_knowledge
from voicebot.config import Settings, load_settings
from voicebot.errors import ActionError, UsageError
from voicebot.flows.commands import (
    Act,
    ChangeLanguage,
    Command,
    HangUp,
    Listen,
    Say,
    SendText,
    Show,
    Transfer,
    TransferMode,
)
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    CallbackAgreed,
    ContactStarted,
    FlowEvent,
    InputMatched,
    NoInput,
    TextSent,
    TransferDone,
    TransferRefused,
    TransferReturned,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import Flow, FlowSet, nearest_language
from voicebot.flows.reader import ACTIONS_FILE, load_flows
from voicebot.grammar.store import GrammarStore
from voicebot.logs import configure_logging
from voicebot.nlu.library import NO_INTENTS, IntentLibrary
from voicebot.sessions.answering import with_knowledge
from voicebot.sessions.callers import Callers, identify_by
from voicebot.sessions.cards import shown
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.typed import TypedInput
from voicebot.speech.spoken import text
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Json, Language

RunAction = Callable[[str, Mapping[str, Json]], Json]


def try_flow(
    folder: Annotated[
        Path | None, typer.Argument(help="Application folder; the configured one if left out.")
    ] = None,
    flow: Annotated[str, typer.Option(help="Flow that answers.")] = "",
    language: Annotated[str, typer.Option(help="Language that the contact begins in.")] = "",
    refuse_transfers: Annotated[
        bool, typer.Option("--refuse-transfers", help="Play that nobody takes a transfer.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what intents make of words, and why.")
    ] = False,
    caller: Annotated[str, typer.Option(help="Number that calls, for flows that look it up.")] = "",
) -> None:
    """Play a flow by typing: words, keys (a line of digits), or nothing for silence."""
    settings = load_settings()
    configure_logging("error")  # what fails is shown in the conversation itself
    application = folder or settings.server.application
    flows = load_flows(application / "flows")
    begins_in = _language(flows, flow or settings.calls.flow, language)
    store = GrammarStore(application / "grammars")
    with asyncio.Runner() as runner:
        registry = runner.run(_actions(application, settings))
        interpreter = Interpreter(flows, flow or settings.calls.flow, registry.once)
        callers = Callers(None, time_limit_s=settings.callers.time_limit_s)
        knowledge = load_knowledge(application, begins_in, settings)
        act = with_knowledge(partial(callers.act, registry.run), knowledge)
        try:
            player = Player(
                interpreter,
                typed_input(store, load_intents(application, settings)),
                lambda name, arguments: runner.run(act(name, arguments)),
                Console(highlight=False, soft_wrap=True),
                begins_in,
                takes_transfers=not refuse_transfers,
                explains=explain,
            )
            player.play(
                runner.run(_known(caller, flows[flow or settings.calls.flow], registry, settings))
            )
        finally:
            runner.run(registry.aclose())


def _language(flows: FlowSet, flow: str, wanted: str) -> Language:
    """Raises UsageError for a language that no flow speaks."""
    found = nearest_language(wanted, flows.languages) if wanted else flows[flow].language
    if not found:
        spoken = ", ".join(flows.languages)
        raise UsageError(f"--language {wanted}: the flows speak {spoken}")
    return found


async def _actions(application: Path, settings: Settings) -> ActionRegistry:
    data = settings.server.data
    await seed_samples(application, data, settings.databases)
    urls = database_urls(application, data, settings.databases)
    registry = load_actions(application / "flows" / ACTIONS_FILE, urls, application / FUNCTIONS)
    try:
        await registry.start()
    except BaseException:
        await registry.aclose()
        raise
    return registry


async def _known(
    caller: str, flow: Flow, registry: ActionRegistry, settings: Settings
) -> dict[str, Json]:
    """What the flow knows of who calls: what the application says of the number. The terminal has
    no records, and so no history."""
    if not caller:
        return {}
    callers = Callers(None, time_limit_s=settings.callers.time_limit_s)
    info = LegInfo(CallId("terminal"), "terminal", caller, "")
    return {"caller": caller, **await callers.facts(info, identify_by(flow, registry.run))}


def typed_input(store: GrammarStore, intents: IntentLibrary = NO_INTENTS) -> TypedInput:
    """What understands typed lines, by the grammars of a folder and intents."""
    grammars = ListenGrammars(store, pronounce=pronouncer)
    return TypedInput(grammars, Comprehension(grammars, intents))


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
        explains: bool = False,
    ) -> None:
        self._interpreter = interpreter
        self._typed = typed
        self._run_action = run_action
        self._console = console
        self._language = language
        self._takes_transfers = takes_transfers
        self._explains = explains

    def play(self, known: Mapping[str, Json] | None = None) -> None:
        """One contact, from greeting to hang-up; ``known`` are variables about who calls."""
        state = self._interpreter.begin(uuid.uuid4().hex)
        event: FlowEvent | None = ContactStarted(
            {"channel": "terminal", "language": self._language, **(known or {})}
        )
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
                case Show(card):
                    seen = shown(card, self._language, date.today()).as_text()
                    self._show("card", seen.replace("\n", "; "), "dim")
                case ChangeLanguage(language):
                    self._language = language
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
        if self._explains and not isinstance(event, NoInput):
            for words in self._typed.explain(line, listen).splitlines():
                self._show("", words, "dim")
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
        if transfer.callback:
            when = f" at {transfer.callback_at}" if transfer.callback_at else ""
            self._show("", f"{target} will call {transfer.callback}{when}", "dim")
            return CallbackAgreed(transfer.callback_at)
        self._show("", f"{target} takes the call, told {told}", "dim")
        if transfer.mode is not TransferMode.BRIDGE and not transfer.queue:
            return TransferDone()
        self._show("", f"{target} leaves", "dim")
        return TransferReturned(0.0)

    def _show(self, who: str, words: str, style: str = "") -> None:
        self._console.print(Text(f"{who:5}", style="bold").append(words, style=style or "not bold"))
