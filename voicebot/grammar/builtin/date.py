"""``builtin:date``: a day, as text ``yyyymmdd``; ``????`` and ``??`` stand for parts not said.

'Tomorrow' and 'next Friday' need to know what day it is: the variable ``today`` of `semantics`, or
the parameter ``today``. Weeks begin on Monday: next Friday is the Friday of next week, while Friday
alone is the first one from today on. With ``when=future``, what is left open is filled in to make
the first such day from today on: 'the fifteenth' is a whole date. Months have their own number of
days; the weekday before a date ('Friday the third') is not compared with it.
"""

from __future__ import annotations

from voicebot.grammar.builtin.numerals import (
    BELOW_HUNDRED,
    ORDINAL_TEENS,
    ORDINAL_UNITS,
    keypad,
    one_of,
    voice,
)
from voicebot.grammar.builtin.parameters import Parameters

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
LONG_MONTHS = ("january", "march", "may", "july", "august", "october", "december")
SHORT_MONTHS = ("april", "june", "september", "november")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)

_HELP = f"""\
{{!{{
var WEEKDAYS = {list(WEEKDAYS)}, MONTHS = {list(MONTHS)};
function two(number) {{ return ('0' + number).slice(-2); }}
function month(name) {{ return two(MONTHS.indexOf(name) + 1); }}
function day(later) {{
  return new Date(
    Date.UTC(today.slice(0, 4), today.slice(4, 6) - 1, Number(today.slice(6)) + later));
}}
function later(days) {{
  var moment = day(days);
  return moment.getUTCFullYear() + two(moment.getUTCMonth() + 1) + two(moment.getUTCDate());
}}
function ahead(name) {{ return (WEEKDAYS.indexOf(name) - day(0).getUTCDay() + 7) % 7; }}
function next(name) {{
  return (WEEKDAYS.indexOf(name) + 6) % 7 - (day(0).getUTCDay() + 6) % 7 + 7;
}}
}}!}};
"""

COMING = """\
{!{
function coming(text) {
  if (text.indexOf('?') < 0) return text;
  for (var days = 0; days < 1500; days++) {
    var found = later(days), at = 0;
    while (at < 8 && (text[at] === '?' || text[at] === found[at])) at++;
    if (at === 8) return found;
  }
  return text;
}
}!};
"""
"""``coming(text)`` gives the first day from today on that fits; four years hold every day."""

_VOICE = f"""\
$main = [on] ($relative | $calendar);
$calendar = [$weekday] [the] $month_and_day {{out = '????' + rules.latest()}}
    [[of] $year {{out = rules.latest() + out.slice(4)}}]
  | $month {{out = '????' + month(rules.latest()) + '??'}}
    [[of] $year {{out = rules.latest() + out.slice(4)}}]
  | [$weekday] the $nth {{out = '??????' + two(rules.latest())}};
$month_and_day = $month {{out = month(rules.latest())}} [the] $day {{out += two(rules.latest())}}
  | ($long | $short) {{out = month(rules.latest())}} [the] (thirty | thirtieth) {{out += '30'}}
  | $long {{out = month(rules.latest())}} [the] thirty (one | first) {{out += '31'}}
  | $day {{out = two(rules.latest())}} [of] $month {{out = month(rules.latest()) + out}}
  | (thirty | thirtieth) [of] ($long | $short) {{out = month(rules.latest()) + '30'}}
  | thirty (one | first) [of] $long {{out = month(rules.latest()) + '31'}};
$month = $long | $short | february;
$long = {one_of(LONG_MONTHS)};
$short = {one_of(SHORT_MONTHS)};
$weekday = {one_of(WEEKDAYS)};
$day = $nth_in_any | ($unit | $teen) {{out = WORTH[rules.latest()]}}
  | twenty {{out = 20}} [$unit {{out += WORTH[rules.latest()]}}];
$nth = $nth_in_any | thirtieth {{out = 30}} | thirty first {{out = 31}};
$nth_in_any = ($first | $tenth) {{out = WORTH[rules.latest()]}} | twentieth {{out = 20}}
  | twenty $first {{out = 20 + WORTH[rules.latest()]}};
$first = {one_of(ORDINAL_UNITS)};
$tenth = {one_of(ORDINAL_TEENS)};
$year = (nineteen {{out = 1900}} | twenty {{out = 2000}})
    ($two_digits {{out += rules.latest()}} | oh $unit {{out += WORTH[rules.latest()]}})
  | two thousand {{out = 2000}} [[and] $below_hundred {{out += rules.latest()}}];
$relative = today {{out = later(0)}}
  | tomorrow {{out = later(1)}} | [the] day after tomorrow {{out = later(2)}}
  | yesterday {{out = later(-1)}} | [the] day before yesterday {{out = later(-2)}}
  | [this | [this | the] coming] $weekday {{out = later(ahead(rules.latest()))}}
  | next $weekday {{out = later(next(rules.latest()))}}
  | $weekday {{out = later(next(rules.latest()))}} [of] next week
  | last $weekday {{out = later(ahead(rules.latest()) - 7)}}
  | a week from (today {{out = later(7)}} | tomorrow {{out = later(8)}}
    | $weekday {{out = later(ahead(rules.latest()) + 7)}})
  | in $span {{out = later(rules.latest())}}
  | $span from (now | today) {{out = later(rules.latest())}}
  | $span ago {{out = later(-rules.latest())}};
$span = (a {{out = 1}} | $below_hundred {{out = rules.latest()}})
  (day | days | (week | weeks) {{out *= 7}});
"""

_KEYS = """\
$main = ($full | $month_and_day)
  {out = meta.current().text.split(' ').join(''); if (out.length === 4) out = '????' + out;};
$full = (1 9 | 2 0) $digit $digit $month_and_day;
$month_and_day = $month $day | $not_february 3 0 | $long 3 1;
$month = 0 $from_one | 1 (0 | 1 | 2);
$not_february = 0 (1 | 3 | 4 | 5 | 6 | 7 | 8 | 9) | 1 (0 | 1 | 2);
$long = 0 (1 | 3 | 5 | 7 | 8) | 1 (0 | 2);
$day = 0 $from_one | (1 | 2) $digit;
$from_one = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
$digit = 0 | $from_one;
"""


def make(parameters: Parameters) -> tuple[str, str]:
    """Take ``today``, a date to count from instead of the present one, and ``when`` (future)."""
    fixed = fixed_day(parameters)
    spoken, keyed = fixed + _HELP + _VOICE + BELOW_HUNDRED, _KEYS
    if wants_coming(parameters):
        coming = "$main = $said {out = coming(rules.said);};\n$said ="
        spoken = COMING + spoken.replace("$main =", coming, 1)
        keyed = COMING + fixed + _HELP + keyed.replace("$main =", coming, 1)
    return voice(spoken), keypad(keyed)


def fixed_day(parameters: Parameters) -> str:
    """A tag that sets the day to count from, where ``today`` names one. Raises GrammarError."""
    day = parameters.day("today")
    return "" if day is None else f"{{var today = '{day:%Y%m%d}';}};\n"


def wants_coming(parameters: Parameters) -> bool:
    """Whether ``when`` is future. Raises GrammarError where it is something else."""
    when = parameters.text("when", "")
    if when not in ("", "future"):
        raise parameters.error(f"when is '{when}'", "Write ?when=future, or leave it out.")
    return bool(when)
