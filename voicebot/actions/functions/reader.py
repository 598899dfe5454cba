"""Reads the keys of an action that is a Python function."""

from __future__ import annotations

from voicebot.actions.arguments import Argument
from voicebot.actions.definition import PythonWork
from voicebot.actions.fields import Fields
from voicebot.actions.functions.importing import PACKAGE
from voicebot.actions.functions.signature import functions_of, signature_of
from voicebot.actions.functions.source import Sources
from voicebot.document import suggest


def read_python(fields: Fields, sources: Sources) -> tuple[PythonWork, tuple[Argument, ...]]:
    """Give the work, and the arguments that the function declares. Raises FlowError."""
    written = fields.text("python").strip()
    place = fields.place_of("python")
    name, _, function = written.rpartition(".")
    name = name.removeprefix(f"{PACKAGE}.")
    if not name:
        problem = f"'{written}' is no module and function"
        raise place.error(problem, "Write 'shop.price' for 'price' in actions/shop.py.")
    module = sources.modules.get(name)
    if module is None:
        remedy = suggest(name, list(sources.modules))
        file = f"{name.replace('.', '/')}.py"
        raise place.error(f"there is no {PACKAGE}/{file} that can be read", remedy)
    known = functions_of(module)
    if function not in known:
        public = [each for each in known if not each.startswith("_")]
        raise place.error(f"{module.path} has no function '{function}'", suggest(function, public))
    signature = signature_of(module, known[function])
    work = PythonWork(
        module=name,
        function=function,
        casts=signature.casts,
        defaults=signature.defaults,
        takes_key=signature.takes_key,
        changes=fields.flag("changes", default=False),
    )
    return work, signature.arguments
