"""``builtin:boolean``: yes or no."""

from __future__ import annotations

from voicebot.grammar.builtin.numerals import keypad, voice
from voicebot.grammar.builtin.parameters import Parameters
from voicebot.types import KEYS

_VOICE = """\
$main = $yes {out = true} | $no {out = false};
$yes = (yes | yeah | yep | yup | sure | correct | right | true | affirmative | ok | okay
    | absolutely | of course | that is (right | correct) | that's (right | correct)) [please]
  | yes (it is | that's (right | correct) | that is (right | correct) | I do | I am);
$no = (no | nope | nah | wrong | incorrect | false | negative | not really) [thanks | thank you]
  | no (it isn't | it is not | that's wrong | that is wrong | I don't | I do not | I'm not);
"""


def make(parameters: Parameters) -> tuple[str, str]:
    """Take ``y`` and ``n``, the keys for yes (1) and no (2)."""
    yes, no = parameters.text("y", "1"), parameters.text("n", "2")
    for key in (yes, no):
        if key not in KEYS[:12] or len(key) != 1:
            raise parameters.error(f"'{key}' is no key", "Use 0 to 9, * or #.")
    if yes == no:
        raise parameters.error("yes and no have the same key", "Use two keys.")
    return voice(_VOICE), keypad(f'$main = "{yes}" {{out = true}} | "{no}" {{out = false}};\n')
