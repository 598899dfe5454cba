"""``builtin:time``: a time of day, as text ``hhmmx``.

``x`` is ``a`` or ``p`` (am, pm), ``h`` for a 24-hour clock, ``?`` where it could be either.
"""

from __future__ import annotations

from voicebot.grammar.builtin.numerals import BELOW_HUNDRED, UNITS, keypad, voice
from voicebot.grammar.builtin.parameters import Parameters

_HELP = """\
{!{
function time(hour, minute, half) {
  return ('0' + hour).slice(-2) + ('0' + minute).slice(-2) + half;
}
function before(hour, minute) { return [(hour + 10) % 12 + 1, 60 - minute]; }
var HALF = {am: 'a', morning: 'a', pm: 'p', afternoon: 'p', evening: 'p'};
function half(said, hour) {
  var last = said.split(' ').pop();
  return HALF[last] || (hour > 5 && hour < 12 ? 'p' : 'a');
}
}!};
"""

_VOICE = f"""\
$main = [at] ($clock {{var c = rules.latest(); out = time(c[0], c[1], '?')}}
    [$half {{out = time(c[0], c[1], half(rules.latest(), c[0]))}}]
  | $of_24 {{out = time(rules.latest()[0], rules.latest()[1], 'h')}}
  | [twelve] noon {{out = '1200p'}} | [twelve] midnight {{out = '1200a'}});
$clock = $hour {{out = [WORTH[rules.latest()], 0]}}
    [o'clock | $minutes {{out[1] = rules.latest()}}]
  | half [past] {{var m = 30}} $hour {{out = [WORTH[rules.latest()], m]}}
  | $count {{var m = rules.latest()}} (
      (past | after) $hour {{out = [WORTH[rules.latest()], m]}}
    | (to | till | until | of | before) $hour {{out = before(WORTH[rules.latest()], m)}});
$hour = {" | ".join(UNITS)} | ten | eleven | twelve;
$count = [a] quarter {{out = 15}} | $early {{out = rules.latest()}} [minute | minutes];
$early = $unit {{out = WORTH[rules.latest()]}} | $teen {{out = WORTH[rules.latest()]}}
  | twenty {{out = 20}} [$unit {{out += WORTH[rules.latest()]}}];
$minutes = (oh | zero) $unit {{out = WORTH[rules.latest()]}}
  | $teen {{out = WORTH[rules.latest()]}}
  | $tens {{out = WORTH[rules.latest()]}} [$unit {{out += WORTH[rules.latest()]}}];
$tens = twenty | thirty | forty | fifty;
$half = am | pm | [in the | this] (morning | afternoon | evening) | at night | tonight;
$of_24 = $late {{out = [rules.latest(), 0]}} (hundred [hours] | $minutes {{out[1] = rules.latest()}}
    [hours])
  | $hour {{out = [WORTH[rules.latest()], 0]}} hundred [hours];
$late = (thirteen | fourteen | fifteen | sixteen | seventeen | eighteen | nineteen)
    {{out = WORTH[meta.current().text]}}
  | twenty {{out = 20}} [(one | two | three) {{out += WORTH[meta.current().text.split(' ')[1]]}}]
  | (oh | zero) {{out = 0}} [$unit {{out = WORTH[rules.latest()]}}];
"""

_KEYS = """\
$main = $hour {var h = rules.latest()} $minute
  {out = h + rules.latest() + (h > 0 && h < 13 ? '?' : 'h')};
$hour = {out = ''} ((0 | 1) $digit | 2 (0 | 1 | 2 | 3))
  {out = meta.current().text.split(' ').join('')};
$minute = (0 | 1 | 2 | 3 | 4 | 5) $digit {out = meta.current().text.split(' ').join('')};
$digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
"""


def make(_parameters: Parameters) -> tuple[str, str]:
    """Take no parameters."""
    return voice(_HELP + _VOICE + BELOW_HUNDRED), keypad(_KEYS)
