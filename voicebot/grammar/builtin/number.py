"""``builtin:number``: a number, whole or decimal, negative too.

The value is a JSON number, so that conditions of a flow can compare it; VoiceXML gives the same as
text, which ECMAScript turns into a number when it is used.
"""

from __future__ import annotations

from voicebot.grammar.builtin.numerals import CARDINAL, keypad, voice
from voicebot.grammar.builtin.parameters import Parameters

_VOICE = """\
$main = {out = 1} [(minus | negative) {out = -1}]
  (/1/ $value {out *= rules.latest()} | /0.5/ $loose {out *= rules.latest()});
$value = {out = 0} (zero | oh | nought | $cardinal {out = rules.latest()})
    [point $fraction {out = Number(out + '.' + rules.latest())} [$scale {SCALED}]
    | and $part {out += rules.latest()} [$scale {SCALED}]]
  | point $fraction {out = Number('0.' + rules.latest())} [$scale {SCALED}]
  | $part;
$loose = $below_hundred {out = 100 * rules.latest()}
    ($two_digits {out += rules.latest()} | oh $unit {out += WORTH[rules.latest()]})
  | a couple {out = 2} [[of] (hundred {out = 200} | $scale {out *= WORTH[rules.latest()]})]
  | a dozen {out = 12} | half a dozen {out = 6} | none {out = 0};
""".replace("SCALED", "out = Number((out * WORTH[rules.latest()]).toFixed(6))")

_KEYS = """\
$main = ($digit<1-12> ["*" $digit<0-6>] | "*" $digit<1-6>)
  {out = Number(meta.current().text.split(' ').join('').replace('*', '.'))};
$digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
"""


def make(_parameters: Parameters) -> tuple[str, str]:
    """Take no parameters."""
    return voice(_VOICE + CARDINAL), keypad(_KEYS)
