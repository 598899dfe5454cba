"""What a Python function takes, read from its annotations without running anything.

The annotations are the declaration: ``str``, ``int``, ``float``, ``bool``, ``Decimal``, ``date``, a
list of one of them, and each of these ``| None``. Left out on purpose: objects as arguments (a flow
passes their fields), and functions that are made while the file is imported.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from voicebot.actions.arguments import Argument, Kind
from voicebot.actions.functions.source import Module, place_of
from voicebot.document import Place
from voicebot.flows.once import KEY_ARGUMENT

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

KINDS: Final[Mapping[str, Kind]] = {
    "str": Kind.TEXT,
    "int": Kind.INTEGER,
    "float": Kind.NUMBER,
    "Decimal": Kind.NUMBER,
    "bool": Kind.BOOLEAN,
    "date": Kind.DATE,
}
"""What an annotation takes; modules before the name (``datetime.date``) are passed over."""

_CASTS: Final = frozenset({"Decimal", "date", "float"})
_TAKES: Final = (
    f"Annotate it with one of {', '.join(KINDS)}, with list[...] of one of them, and with "
    "'| None' where it may be missing."
)


@dataclass(frozen=True, slots=True)
class Signature:
    """``casts`` are the types that JSON does not have, by argument; ``defaults`` the arguments that
    are left out when they are null."""

    arguments: tuple[Argument, ...]
    casts: Mapping[str, str]
    defaults: frozenset[str]
    takes_key: bool


def functions_of(module: Module) -> dict[str, Function]:
    """The functions that the file defines itself, at its top level; the last of one name counts."""
    found = [each for each in module.tree.body if isinstance(each, Function)]
    return {each.name: each for each in found}


def signature_of(module: Module, function: Function) -> Signature:
    """Raises FlowError, at its place in the Python file, for what no flow could pass."""
    given = function.args
    if given.posonlyargs or given.vararg or given.kwarg:
        raise place_of(module, function).error(
            f"'{function.name}' takes arguments without a name of their own",
            "Name each: a flow passes arguments by name.",
        )
    optional = {each.arg for each in given.args[len(given.args) - len(given.defaults) :]}
    named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    optional |= {each.arg for each, default in named if default is not None}
    read = [
        _argument(module, each, each.arg in optional) for each in [*given.args, *given.kwonlyargs]
    ]
    return Signature(
        arguments=tuple(each for each, _ in read if each.name != KEY_ARGUMENT),
        casts={each.name: cast for each, cast in read if cast in _CASTS},
        defaults=frozenset(optional),
        takes_key=any(each.name == KEY_ARGUMENT for each, _ in read),
    )


def _argument(module: Module, node: ast.arg, optional: bool) -> tuple[Argument, str]:
    """The argument, and the Python type of its value or of its items."""
    place = place_of(module, node)
    if node.annotation is None:
        raise place.error(f"argument '{node.arg}' has no type", _TAKES)
    written, nullable = _without_none(node.annotation)
    many = isinstance(written, ast.Subscript) and _name(written.value) in {"list", "List"}
    if many:
        assert isinstance(written, ast.Subscript)
        written = written.slice
    name = _name(written)
    if name not in KINDS:
        shown = ast.unparse(node.annotation)
        raise place.error(f"argument '{node.arg}' cannot be of type '{shown}'", _TAKES)
    _check_key(node.arg, name, many, place)
    return Argument(node.arg, KINDS[name], optional or nullable, many), name


def _check_key(argument: str, name: str, many: bool, place: Place) -> None:
    if argument == KEY_ARGUMENT and (name != "str" or many):
        raise place.error(f"argument '{KEY_ARGUMENT}' is a text", f"Write '{KEY_ARGUMENT}: str'.")


def _without_none(node: ast.expr) -> tuple[ast.expr, bool]:
    """The annotation without its ``| None`` or ``Optional[...]``, and whether it had one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return node, False
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, ast.Constant) and other.value is None:
                return side, True
    if isinstance(node, ast.Subscript) and _name(node.value) == "Optional":
        return node.slice, True
    return node, False


def _name(node: ast.expr) -> str:
    """``date`` for both ``date`` and ``datetime.date``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
