"""The grammar of a form: values of several slots in one sentence, in any order, and corrections.

Made of the grammars of the slots. In English it takes what callers say around values ('and',
'because') and how they object: 'no, the fifteenth', 'not Tuesday, Wednesday', 'Wednesday, not
Tuesday', 'change the day to Friday', 'the day is wrong'; in Chinese the like. In any other language
it takes values in a row; the words for a language stand in `WORDINGS`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.composed import compose
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.store import compile_source
from voicebot.grammar.words import normalise_words
from voicebot.types import Language

MAX_VALUES = 6
"""Values that one sentence may hold."""


@dataclass(frozen=True, slots=True)
class SlotPart:
    """A slot: its name, the grammars of its values (those of mode voice count), and its words."""

    name: str
    grammars: tuple[CompiledGrammar, ...]
    called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said around values, as ABNF; ``$VOID`` where a language has no such thing.

    ``lead`` before the first value, ``joint`` between two, ``tail`` at the end; ``objection``
    ('no, wait') and ``bare``, one that may stand alone; ``insist`` ('I meant'); ``negation``
    ('not'); ``instead`` between the wrong and the right value; ``change`` before a slot's name,
    ``to`` after it; ``article`` and ``is_wrong`` around it, ``is_now`` between it and a value.
    """

    lead: str = "$VOID"
    joint: str = "$VOID"
    tail: str = "$VOID"
    objection: str = "$VOID"
    bare: str = "$VOID"
    insist: str = "$VOID"
    negation: str = "$VOID"
    instead: str = "$VOID"
    change: str = "$VOID"
    to: str = "$VOID"
    article: str = "$VOID"
    is_wrong: str = "$VOID"
    is_now: str = "$VOID"


WORDINGS: dict[str, Wording] = {
    "en": Wording(
        lead="um | well | okay | ok | so | hi | hello | yes | yeah | sure | it's | it is | that's"
        " | I think | [yes] [please] | [yes] (I want to | I'd like to | I would like to)",
        joint="[please] (and [also] | [and [also]] (because | since | as | for | on | with | at"
        " | it's | it is | to | by | from | it should be)) | please",
        tail="please | thanks | thank you",
        objection="no [no] [sorry | wait | actually] | nope | wait | sorry | oh sorry | actually"
        " | hold on | [no] that's (wrong | not right | not what I said) | not quite",
        bare="no [no] [that's (wrong | not right) | that is (wrong | not right)] | nope"
        " | that's (wrong | not right) | that is (wrong | not right) | not quite",
        insist="[I] (mean | meant | said) | it's | it is | it should be | make (it | that)"
        " | change (it | that) to | rather | let's say | let's make it | I'd rather",
        negation="not | it's not | it is not | it isn't | I didn't say | not on | not for",
        instead="but | it's | it is | I said | I meant | rather | make it | on | but on",
        change="change | correct | I want to change | I'd like to change | can you change"
        " | can I change | let me change",
        to="to",
        article="the | my",
        is_wrong="(is | was) (wrong | not right | incorrect | not correct)",
        is_now="is | should be | to | on | for",
    ),
    "zh": Wording(
        lead="嗯 | 好 [的] | 那 [就] | 是 | 就是 | 我 (想 | 要 | 想要) | 请 | 因为 | 在",
        joint="和 | 还有 | 然后 | 因为 | 是因为 | 在 | 也",
        tail="谢谢 | 吧 | 就行 | 可以吗",
        objection="不 [是 | 对] | 错了 | 等一下 | 不好意思 | 对不起 | 哦 [不对] | [我] 说错了",
        bare="不 [对 | 是] | 错了 | 不是这样 [的] | 不太对",
        insist="我 (说的 | 的意思) 是 | [应该] 是 | 应该 | 改成 | 换成 | 改为 | 还是",
        negation="不是 | 不要 | 不在 | 我没说",
        instead="[而] 是 | 应该是 | 我要 | 我说的是 | 要",
        change="改 [一下] | 修改 | 更改 | 我 (想 | 要) (改 [一下] | 修改) | [请] 把 | 换 [一下]",
        to="改成 | 换成 | 改为 | 改到 | 成",
        article="我的 | 那个 | 这个",
        is_wrong="不对 | 错了 | 不是这个 | 有误",
        is_now="是 | 改成 | 应该是 | 为",
    ),
}
_NEUTRAL = Wording()

_NAMING = """\
| /0.5/ [$article] $named <<out.denied[rules.named] = null; out.corrected = true;>>
  """

# Tags stand in << >> here; MORE and NAMING are filled in.
_RULES = """\
public $form = <<out = {filled: {}, denied: {}, corrected: false};>>
  ( /1/ [$lead] $values <<out.filled = rules.values;>> [$tail]
  | /0.2/ ($objection [$insist] | $insist)
      $values <<out.filled = rules.values; out.corrected = true;>> [$tail]
  | /0.1/ $bare <<out.corrected = true;>>
  | /0.1/ [$objection] $negation
      $values <<out.denied = rules.values; out.corrected = true;>>
      [[$instead] $right <<out.filled = rules.right;>>] [$tail]
  | /0.1/ [$objection] [$insist] $right <<out.filled = rules.right; out.corrected = true;>>
      $negation $values <<out.denied = rules.values;>>
  | /0.1/ [$objection] $change [$article]
      $named <<out.denied[rules.named] = null; out.corrected = true;>>
      [$to $values <<out.filled = rules.values;>>] [$tail]
  | /0.1/ [$objection] [$article]
      $named <<out.denied[rules.named] = null; out.corrected = true;>> $is_wrong
  NAMING);
$values = <<out = {};>> $one <<out[rules.one.name] = rules.one.value;>>
  ([$joint] $one <<out[rules.one.name] = rules.one.value;>>)<0-MORE /0.5/>;
$right = $values <<out = rules.values;>>;
"""


def compile_form(
    slots: Sequence[SlotPart], language: Language, *, naming: bool = False
) -> CompiledGrammar | None:
    """Compile the grammar of a form; None where no slot has anything that can be spoken.

    ``naming``: the words for a slot alone answer the question ('What should I change?'). Elsewhere
    a decoder would be too ready to hear them in the beginning of a longer sentence.

    Its meaning: ``{filled: {slot: meaning}, denied: {slot: meaning or null}, corrected: bool}``.
    """
    spoken = [
        SlotPart(
            slot.name,
            tuple(part for part in slot.grammars if part.main.mode == "voice"),
            slot.called,
        )
        for slot in slots
    ]
    spoken = [slot for slot in spoken if slot.grammars]
    if not spoken:
        return None
    parts = {
        f"part{number}x{index}": grammar
        for number, slot in enumerate(spoken)
        for index, grammar in enumerate(slot.grammars)
    }
    source = SourceFile("form", _text(spoken, language, naming).encode())
    return compose(compile_source(source, Path()), parts)


@cache
def no_keys() -> CompiledGrammar:
    """A grammar for keys that holds nothing: beside a form, it keeps keys from being read as
    sentences."""
    text = b"#ABNF 1.0;\nmode dtmf;\nroot $none;\n$none = $VOID;\n"
    return compile_source(SourceFile("form (keys)", text), Path())


def _text(slots: Sequence[SlotPart], language: Language, naming: bool) -> str:
    wording = WORDINGS.get(language.partition("-")[0].lower(), _NEUTRAL)
    most = min(MAX_VALUES, len(slots) + 1)
    text = _RULES.replace("MORE", str(most - 1)).replace("NAMING", _NAMING if naming else "")
    rules = [text]
    rules += [f"${name} = {getattr(wording, name)};\n" for name in Wording.__slots__]
    ones: list[str] = []
    names: list[str] = []
    for number, slot in enumerate(slots):
        parts = [f"$part{number}x{index}" for index in range(len(slot.grammars))]
        rules += [f"{part} = part;\n" for part in parts]  # compose puts the grammars there
        name = json.dumps(slot.name)
        value = f"<<out = {{name: {name}, value: rules.value{number}}};>>"
        rules.append(f"$value{number} = {' | '.join(parts)};\n")
        ones.append(f"$value{number} {value}")
        called = [" ".join(normalise_words(text)) for text in slot.called]
        if any(called):
            rules.append(f"$called{number} = {' | '.join(filter(None, called))};\n")
            names.append(f"$called{number} <<out = {name};>>")
            ones.append(f"/0.5/ [$article] $called{number} [$is_now] $value{number} {value}")
    rules.append(f"$one = {' | '.join(ones)};\n$named = {' | '.join(names) or '$VOID'};\n")
    text = "".join(rules).replace("<<", "{!{").replace(">>", "}!}")
    return (
        f"#ABNF 1.0 UTF-8;\nlanguage {language};\nmode voice;\nroot $form;\n"
        "tag-format <semantics/1.0>;\n" + text
    )
