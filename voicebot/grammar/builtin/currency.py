"""``builtin:currency``: an amount of money, as text ``USD19.99``; ``19.99`` where no currency is
said.

The words ``usd``, ``eur`` and ``gbp`` before an amount are what people and the recogniser write as
a sign: '$5'. Dollars are those of the United States unless the parameter says which.
"""

from __future__ import annotations

import json

from voicebot.grammar.builtin.numerals import CARDINAL, keypad, voice
from voicebot.grammar.builtin.parameters import Parameters

CURRENCIES = ("USD", "EUR", "GBP", "AUD", "CAD", "HKD", "NZD", "SGD")
_OF_DOLLARS = ("usd", "dollar", "dollars", "buck", "bucks")
_OF_EUROS = ("eur", "euro", "euros")
_OF_POUNDS = ("gbp", "pound", "pounds", "pounds sterling", "quid", "pence", "penny")
_OF_CENTS = ("cent", "cents")

_AFTER_UNIT = "[and] $below_hundred {sum += rules.latest() / 100} [$cent]"
_SCALE = "$scale {out = Number((out * WORTH[rules.latest()]).toFixed(6))}"
_VOICE = f"""\
$main = {{var money = UNSAID, sum = 0}} (
    [$sign {{money = MONEY[rules.latest()]}}] (
      /1/ $amount {{sum = rules.latest()}}
        [$money {{money = MONEY[meta.latest().text]}} [{_AFTER_UNIT}]]
    | /0.5/ $price {{sum = rules.latest()}})
  | a $one {{sum = 1; money = MONEY[rules.latest()]}} [and a half {{sum = 1.5}} | {_AFTER_UNIT}]
  | (a {{sum = 0.01}} | $below_hundred {{sum = rules.latest() / 100}})
    $cent {{money = MONEY[rules.latest()]}}
  | (a {{sum = 1000}} | $below_thousand {{sum = 1000 * rules.latest()}})
    grand {{money = MONEY.dollar}})
  {{out = money + sum.toFixed(2)}};
$sign = usd | eur | gbp;
$one = dollar | buck | euro | pound | quid;
$money = $one | dollars | bucks | euros | pounds [sterling] | $sign;
$cent = cent | cents | pence | penny;
$amount = {{out = 0}} (zero | $cardinal {{out = rules.latest()}})
  [point $fraction {{out = Number(out + '.' + rules.latest())}} [{_SCALE}]
  | and $part {{out += rules.latest()}} [{_SCALE}]];
$price = {{out = 0}} (zero | $low {{out = rules.latest()}})
  ($two_digits {{out += rules.latest() / 100}} | oh $unit {{out += WORTH[rules.latest()] / 100}});
$low = $below_hundred
  | $unit {{out = 100 * WORTH[rules.latest()]}} $two_digits {{out += rules.latest()}}
  | (a {{out = 100}} | $unit {{out = 100 * WORTH[rules.latest()]}}) hundred
    [and] $below_hundred {{out += rules.latest()}};
"""

_KEYS = """\
$main = ($digit<1-9> ["*" $digit<0-2>] | "*" $digit<1-2>)
  {out = UNSAID + Number(meta.current().text.split(' ').join('').replace('*', '.')).toFixed(2)};
$digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
"""


def make(parameters: Parameters) -> tuple[str, str]:
    """Take ``currency``, three letters: that of an amount said without one, and which dollars."""
    unsaid = parameters.text("currency", "")
    if unsaid and unsaid not in CURRENCIES:
        raise parameters.error(
            f"currency is '{unsaid}'", f"Use one of {', '.join(CURRENCIES)}, or none."
        )
    dollars = unsaid if unsaid not in ("", "EUR", "GBP") else "USD"
    money = {
        **dict.fromkeys(_OF_DOLLARS, dollars),
        **dict.fromkeys(_OF_EUROS, "EUR"),
        **dict.fromkeys(_OF_POUNDS, "GBP"),
        **dict.fromkeys(_OF_CENTS, "EUR" if unsaid == "EUR" else dollars),
    }
    header = f"{{!{{var UNSAID = '{unsaid}', MONEY = {json.dumps(money)};}}!}};\n"
    return voice(header + _VOICE + CARDINAL), keypad(header + _KEYS)
