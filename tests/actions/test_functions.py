"""Python functions: what they are given, what they give, and what they cannot do to others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from voicebot.actions.functions.pool import LINES, MAX_RETIRED, RUNS_OF_ONE
from voicebot.actions.functions.source import Sources, read_sources
from voicebot.actions.reader import read_actions
from voicebot.actions.registry import ActionRegistry
from voicebot.actions.tally import ActionTally
from voicebot.errors import ActionError, FlowError
from voicebot.types import Json

Application = Callable[..., ActionRegistry]


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    """An application of one Python file; ``actions`` are names with lines of YAML below them."""
    made: list[ActionRegistry] = []

    def make(code: str, tally: ActionTally | None = None, **actions: str) -> ActionRegistry:
        folder = tmp_path / "actions"
        folder.mkdir(exist_ok=True)
        (folder / "shop.py").write_text(code, encoding="utf-8")
        file = tmp_path / "actions.yaml"
        lines = [
            f"{name}:\n  python: shop.{name}\n{more}"
            + ("" if "timeout_ms" in more else "  timeout_ms: 30000\n")
            for name, more in actions.items()
        ]
        file.write_text("".join(lines), encoding="utf-8")
        read = read_actions(file, None, folder)
        assert [str(problem) for problem in read.problems] == []
        registry = ActionRegistry(read.definitions, {}, sources=read.sources, tally=tally)
        made.append(registry)
        return registry

    yield make
    for registry in made:
        await registry.aclose()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def _pids(registry: ActionRegistry) -> tuple[int, ...]:
    assert registry.functions is not None
    return registry.functions.pids


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# What goes in, what comes out


async def test_arguments_arrive_as_the_types_they_are_annotated_with(
    application: Application,
) -> None:
    code = """
import datetime
from decimal import Decimal

def kinds(
    text: str, whole: int, number: float, exact: Decimal, yes: bool, day: datetime.date,
    items: list[str], days: list[datetime.date], nothing: str | None, usual: int = 7,
) -> list[str]:
    values = [text, whole, number, exact, yes, day, items, days[0], nothing, usual]
    return [type(value).__name__ for value in values]
"""
    given = await application(code, kinds="").run(
        "kinds",
        {
            "text": "a",
            "whole": "12",
            "number": 1,
            "exact": "0.1",
            "yes": True,
            "day": "2026-11-24",
            "items": ["a"],
            "days": ["2026-11-24"],
        },
    )
    assert given == [
        *("str", "int", "float", "Decimal", "bool", "date", "list", "date", "NoneType", "int")
    ]


@pytest.mark.parametrize(
    "argument, value, problem",
    [
        ("n: int", "many", "argument 'n' is not a whole number"),
        ("n: list[int]", "1", "argument 'n' is not a list of at most 1000, each a whole number"),
        ("n: list[int]", [1, None], "argument 'n' is not a list"),
        ("n: list[int]", [1] * 1001, "argument 'n' is not a list"),
        ("n: str", None, "argument 'n' is missing"),
    ],
)
async def test_what_does_not_fit_reaches_no_function(
    application: Application, argument: str, value: Json, problem: str
) -> None:
    registry = application(f"def f({argument}) -> None: ...\n", f="")
    with pytest.raises(ActionError, match=problem.replace("[", r"\[")):
        await registry.run("f", {"n": value})
    assert _pids(registry) == ()


async def test_results_become_json(application: Application) -> None:
    code = """
import dataclasses, datetime, enum
from decimal import Decimal
from typing import TypedDict

class Size(enum.Enum):
    SMALL = "small"

@dataclasses.dataclass
class Label:
    price: Decimal
    day: datetime.date
    size: Size

class Answer(TypedDict):
    label: Label
    odd: float

def f() -> Answer:
    return {"label": Label(Decimal("4.90"), datetime.date(2026, 11, 24), Size.SMALL),
            "odd": float("nan")}
"""
    label = {"price": 4.9, "day": "2026-11-24", "size": "small"}
    assert await application(code, f="").run("f", {}) == {"label": label, "odd": None}


async def test_an_async_function_runs_and_shares_one_loop(application: Application) -> None:
    code = """
import asyncio
both = None

async def meet() -> bool:
    global both
    if both is None:
        both = asyncio.Event()
        await both.wait()
    else:
        both.set()
    return True
"""
    registry = application(code, meet="")
    await registry.start()
    met = await asyncio.gather(registry.run("meet", {}), registry.run("meet", {}))
    assert all(each is True for each in met)


async def test_files_import_each_other_and_no_library_is_hidden(
    application: Application, tmp_path: Path
) -> None:
    (tmp_path / "actions" / "inner").mkdir(parents=True)
    (tmp_path / "actions" / "inner" / "prices.py").write_text("PRICE = 5\n")
    (tmp_path / "actions" / "email.py").write_text("raise RuntimeError\n")
    code = """
import email.message
from actions.inner.prices import PRICE
from .inner import prices

def f() -> int:
    return PRICE + prices.PRICE
"""
    assert await application(code, f="").run("f", {}) == 10


async def test_a_version_keeps_the_files_it_was_read_from(
    application: Application, tmp_path: Path
) -> None:
    before = application("def f() -> int: return 1\n", f="")
    (tmp_path / "actions" / "shop.py").write_text("def f() -> int: return 2\n")
    after = application("def f() -> int: return 2\n", f="")
    assert await before.run("f", {}) == 1
    assert await after.run("f", {}) == 2


# What goes wrong


async def test_an_exception_is_told_by_its_place_and_not_by_its_words(
    application: Application,
) -> None:
    code = "import json\n\ndef f(n: str) -> None:\n    json.loads(n)\n"
    with capture_logs() as logs, pytest.raises(ActionError) as caught:
        await application(code, f="").run("f", {"n": "my secret words"})
    problem = "the function failed: JSONDecodeError at shop.py:4"
    assert caught.value.problem == problem
    assert [line["problem"] for line in logs if line["event"] == "action_failed"] == [problem]
    assert "secret words" not in str(logs)


@pytest.mark.parametrize(
    "body, problem",
    [
        ("return object()", "a result of type object, which cannot become JSON"),
        ("return 'x' * 10_000_000", "result above 1000000 bytes"),
        ("x = []; x.append(x); return x", "RecursionError"),
        ("import sys; sys.exit()", "SystemExit"),
        ("return 1 / 0", r"ZeroDivisionError at shop\.py:1"),
    ],
)
async def test_a_result_of_no_use_is_an_error(
    application: Application, body: str, problem: str
) -> None:
    registry = application(
        f"def f():\n    {body}\n".replace("def f():\n    return 1", "def f(): return 1") + GOOD,
        f="",
        good="",
    )
    with pytest.raises(ActionError, match=problem):
        await registry.run("f", {})
    assert await registry.run("good", {}) == "good"


GOOD = """
def good() -> str:
    return "good"
"""


PIPE = """
import fcntl, os, stat

def PIPE(n: int) -> bool:
    try:
        pipe = stat.S_ISFIFO(os.fstat(n).st_mode) or stat.S_ISSOCK(os.fstat(n).st_mode)
        return pipe and fcntl.fcntl(n, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    except OSError:
        return False

"""


@pytest.mark.parametrize(
    "body",
    [
        "import os; os._exit(3)",
        # Whatever number the pipe of answers has: it is written to.
        "import time; [os.write(n, b'garbage') for n in range(3, 9) if PIPE(n)]; time.sleep(60)",
    ],
)
async def test_a_process_that_dies_is_replaced(application: Application, body: str) -> None:
    registry = application(f"{PIPE}def bad() -> None:\n    {body}\n{GOOD}", bad="", good="")
    await registry.start()
    with pytest.raises(ActionError):
        await registry.run("bad", {})
    assert await registry.run("good", {}) == "good"


async def test_a_function_that_never_returns_keeps_no_other_from_running(
    application: Application,
) -> None:
    tally = ActionTally()
    code = (
        "import threading, time\n"
        "def stuck() -> None:\n    threading.Event().wait()\n"
        "def busy() -> None:\n    while True: pass\n"
        "async def blocking() -> None:\n    time.sleep(3600)\n" + GOOD
    )
    short = "  timeout_ms: 300\n"
    registry = application(code, tally, stuck=short, busy=short, blocking=short, good="")
    await registry.start()
    first = _pids(registry)
    stuck = [registry.run(name, {}) for name in ("stuck", "busy", "blocking") for _ in range(12)]
    others = [registry.run("good", {}) for _ in range(20)]
    ended = await asyncio.gather(*stuck, *others, return_exceptions=True)
    assert all(isinstance(each, ActionError) for each in ended[:36])
    assert ended[36:] == ["good"] * 20
    await _until(lambda: tally.processes_replaced >= 1 and not _runs(first[0]))
    assert await registry.run("good", {}) == "good"
    assert len(_pids(registry)) <= MAX_RETIRED + 1


async def test_the_breaker_stops_asking_a_function_that_hangs(application: Application) -> None:
    code = "import time\ndef stuck() -> None:\n    time.sleep(3600)\n"
    registry = application(code, stuck="  timeout_ms: 20\n")
    await registry.start()
    for _ in range(5):
        with pytest.raises(ActionError, match="took longer than 20 ms"):
            await registry.run("stuck", {})
    with pytest.raises(ActionError, match="failed too often"):
        await registry.run("stuck", {})


async def test_one_action_leaves_room_to_the_others(application: Application) -> None:
    code = (
        "import asyncio\ncount = most = 0\n"
        "async def slow() -> int:\n"
        "    global count, most\n"
        "    count += 1\n    most = max(most, count)\n"
        "    await asyncio.sleep(0.02)\n    count -= 1\n    return most\n"
    )
    registry = application(code, slow="")
    most = await asyncio.gather(*(registry.run("slow", {}) for _ in range(40)))
    assert max(int(str(each)) for each in most) == RUNS_OF_ONE


async def test_an_async_function_is_cancelled_and_costs_no_process(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.actions.functions.pool.GRACE_S", 30.0)
    tally = ActionTally()
    code = (
        "import asyncio\nended = 0\n"
        "async def slow() -> None:\n"
        "    global ended\n"
        "    try:\n        await asyncio.sleep(3600)\n"
        "    finally:\n        ended += 1\n"
        "def how_many() -> int:\n    return ended\n"
    )
    registry = application(code, tally, slow="  timeout_ms: 100\n", how_many="")
    await registry.start()
    with pytest.raises(ActionError, match="took longer"):
        await registry.run("slow", {})
    async with asyncio.timeout(20):
        while await registry.run("how_many", {}) != 1:
            await asyncio.sleep(0.01)
    assert tally.processes_replaced == 0


async def test_a_hang_up_gives_a_run_up(application: Application) -> None:
    code = "import asyncio\nasync def slow() -> None:\n    await asyncio.sleep(3600)\n" + GOOD
    registry = application(code, slow="", good="")
    await registry.start()
    run = asyncio.ensure_future(registry.run("slow", {}))
    await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await registry.run("good", {}) == "good"


async def test_what_is_printed_goes_to_the_log_as_a_tagged_field_and_is_bounded(
    application: Application,
) -> None:
    tally = ActionTally()
    code = (
        "import os\n"
        "def chat(n: int) -> None:\n    print('x' * 3_000_000)\n"
        "    for each in range(n): print('line', each)\n"
        "    os.write(1, b'\\xff\\n')\n"
    )
    registry = application(code, tally, chat="")
    with capture_logs() as logs:
        assert await registry.run("chat", {"n": LINES + 50}) is None
        await _until(lambda: tally.lines_dropped >= 50)
    printed = [line["text"] for line in logs if line["event"] == "function_printed"]
    assert len(printed) == LINES
    assert printed[0] == "x" * 500
    assert printed[1] == "line 0"


async def test_the_process_ends_with_the_registry(application: Application) -> None:
    registry = application("def f() -> None: ...\n", f="")
    await registry.start()
    (pid,) = _pids(registry)
    await registry.aclose()
    assert not _runs(pid)


# Keys


async def test_a_function_is_given_its_key_and_tried_again_under_it(
    application: Application, tmp_path: Path
) -> None:
    code = f"""
import os, pathlib
kept = pathlib.Path({str(tmp_path / "keys")!r})

def book(idempotency_key: str) -> str:
    with kept.open("a") as file:
        file.write(idempotency_key + "\\n")
    if len(kept.read_text().split()) == 1:
        os._exit(1)
    return "booked"
"""
    registry = application(code, book="  changes: true\n")
    assert await registry.run("book", {"idempotency_key": "k1"}) == "booked"
    assert (tmp_path / "keys").read_text().split() == ["k1", "k1"]


async def test_a_change_without_a_key_is_not_tried_again(
    application: Application, tmp_path: Path
) -> None:
    code = f"""
import os, pathlib

def book() -> None:
    with pathlib.Path({str(tmp_path / "done")!r}).open("a") as file:
        file.write("x")
    os._exit(1)
"""
    registry = application(code, book="  changes: true\n")
    with pytest.raises(ActionError, match="process that ran it ended"):
        await registry.run("book", {})
    assert (tmp_path / "done").read_text() == "x"


# Reading


async def _started(tmp_path: Path, code: str) -> Awaitable[None] | None:
    (tmp_path / "actions").mkdir(exist_ok=True)
    (tmp_path / "actions" / "shop.py").write_text(code)
    (tmp_path / "actions.yaml").write_text("f: {python: shop.f}\n")
    read = read_actions(tmp_path / "actions.yaml", None, tmp_path / "actions")
    assert read.problems == ()
    registry = ActionRegistry(read.definitions, {}, sources=read.sources)
    try:
        await registry.start()
    finally:
        await registry.aclose()
    return None


@pytest.mark.parametrize(
    "code, problem",
    [
        (
            "import nothing_of_this_name\ndef f() -> None: ...\n",
            r"shop\.py:1:1: cannot be imported: ModuleNotFoundError",
        ),
        (
            "def f() -> None: ...\n\nx = 1 + (2 / 0)\n",
            r"shop\.py:3:10: cannot be imported: ZeroDivisionError",
        ),
        ("import os\nos._exit(1)\ndef f() -> None: ...\n", "importing the files ended the process"),
    ],
)
async def test_a_file_that_cannot_be_imported_is_told_with_its_place(
    tmp_path: Path, code: str, problem: str
) -> None:
    with pytest.raises(FlowError, match=problem):
        await _started(tmp_path, code)


@pytest.mark.parametrize(
    "code, python, problem",
    [
        ("def f(: ...\n", "shop.f", "shop.py:1:7: is no Python: invalid syntax"),
        ("def f(n) -> None: ...\n", "shop.f", "shop.py:1:7: argument 'n' has no type"),
        (
            "def f(é: int, n: dict[str, str]): ...\n",
            "shop.f",
            "shop.py:1:15: argument 'n' cannot be of type 'dict[str, str]'",
        ),
        ("def f(*n: int): ...\n", "shop.f", "shop.py:1:1: 'f' takes arguments without a name"),
        (
            "def f(idempotency_key: int): ...\n",
            "shop.f",
            "shop.py:1:7: argument 'idempotency_key' is a text",
        ),
        ("def price(): ...\n", "shop.prize", "has no function 'prize'. Did you mean 'price'?"),
        ("def f(): ...\n", "stop.f", "there is no actions/stop.py that can be read. Did you mean"),
        ("def f(): ...\n", "f", "'f' is no module and function"),
        (
            "TOKEN = 'hunter2'\ndef f(): ...\n",
            "shop.f",
            "shop.py:1:9: this looks like a secret. Keep it in the environment",
        ),
        (
            "def f():\n    return g('sk_live_' + 'x', 'Q7kd92hXs81mZpL04vTn')\n",
            "shop.f",
            "shop.py:2:14: this looks like a secret",
        ),
    ],
)
def test_a_problem_in_a_python_file_is_told_with_its_place(
    tmp_path: Path, code: str, python: str, problem: str
) -> None:
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "shop.py").write_text(code, encoding="utf-8")
    (tmp_path / "actions.yaml").write_text(f"a: {{python: {python}}}\n")
    found = read_actions(tmp_path / "actions.yaml", None, tmp_path / "actions").problems
    assert any(problem in str(each) for each in found), [str(each) for each in found]
    assert "hunter2" not in str([str(each) for each in found])


def test_without_a_folder_there_is_no_source(tmp_path: Path) -> None:
    assert read_sources(tmp_path / "none") == Sources(str(tmp_path / "none"))


def test_a_file_that_is_no_text_or_too_long_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff\xfe")
    (tmp_path / "b.py").write_bytes(b"#" * 1_000_001)
    (tmp_path / "not-a-module.py").write_text("(")
    problems = [str(problem) for problem in read_sources(tmp_path).problems]
    assert len(problems) == 2
    assert "a.py: is not UTF-8 at byte 0" in problems[0]
    assert "b.py: is longer than 1000000 bytes" in problems[1]
