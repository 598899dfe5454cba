"""The built-in types in Mandarin: how they are said. Keys are those of `builtin` in English.

Tokens are single characters (see `grammar.words`), so that a caller's text needs no segmentation.
Values are those of the English types. Left out on purpose: other ways to say a telephone number
than digit by digit, which is how it is said in China, and money other than yuan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from voicebot.grammar.builtin.check_digits import CHECKS, checked_chain
from voicebot.grammar.builtin.date import COMING, fixed_day, wants_coming
from voicebot.grammar.builtin.digits import bounds, checked_length
from voicebot.grammar.builtin.numerals import rest
from voicebot.grammar.builtin.parameters import Parameters
from voicebot.grammar.builtin.phone import LEAST, MOST

_DIGITS = (("零",), ("一", "幺"), ("二", "两"), *((name,) for name in "三四五六七八九"))
_VALUES: Mapping[str, int] = {name: value for value, names in enumerate(_DIGITS) for name in names}
_ANY_DIGIT = " | ".join(_VALUES)

_HEADER = f"""\
#ABNF 1.0 UTF-8;
language zh-CN;
mode voice;
root $main;
tag-format <semantics/1.0>;
{{!{{
var WORTH = {{{", ".join(f"'{name}': {value}" for name, value in _VALUES.items())}}};
function dial(text) {{
  var digits = '', words = text.split(' ');
  for (var i = 0; i < words.length; i++) digits += WORTH[words[i]];
  return digits;
}}
function two(number) {{ return ('0' + number).slice(-2); }}
}}!}};
"""

_NUMBERS = f"""\
$digit = {_ANY_DIGIT};
$unit = 一 | 二 | 两 | 三 | 四 | 五 | 六 | 七 | 八 | 九;
$below_100 = $unit {{out = WORTH[rules.latest()]}}
  | 十 {{out = 10}} [$unit {{out += WORTH[rules.latest()]}}]
  | $unit {{out = 10 * WORTH[rules.latest()]}} 十 [$unit {{out += WORTH[rules.latest()]}}];
$below_1000 = $below_100
  | $unit {{out = 100 * WORTH[rules.latest()]}} 百
    [零 $unit {{out += WORTH[rules.latest()]}} | $below_100 {{out += tens(rules.latest(), 10)}}];
$below_10000 = $below_1000
  | $unit {{out = 1000 * WORTH[rules.latest()]}} 千
    [零 $below_100 {{out += rules.latest()}} | $below_1000 {{out += tens(rules.latest(), 100)}}];
$cardinal = $below_10000
  | $below_10000 {{out = 10000 * rules.latest()}} 万
    [零 $below_1000 {{out += rules.latest()}} | $below_10000 {{out += tens(rules.latest(), 1000)}}];
$fraction = {{out = ''}} ($digit {{out += WORTH[meta.latest().text]}})<1->
  | 十 {{out = 10}} $unit {{out = '' + (out + WORTH[rules.latest()])}}
  | $unit {{out = 10 * WORTH[rules.latest()]}} 十 {{out = '' + out}}
    [$unit {{out = '' + (Number(out) + WORTH[rules.latest()])}}];
$amount = {{out = 0}} (零 | $cardinal {{out = rules.latest()}})
  [点 $fraction {{out = Number(out + '.' + rules.latest())}}];
"""
"""A digit after 百, 千 or 万 with no zero between counts the next place: 一百五 is 150."""

_TENS = "{!{function tens(number, place) {return number < 10 ? number * place : number;}}!};\n"

_BOOLEAN = """\
$main = [嗯] ($yes {out = true} | $no {out = false}) [谢谢];
$yes = 是 [的 | 啊] | 对 [的 | 了 | 啊] | 好 [的 | 吧 | 啊] | 可以 [的 | 啊] | 行 [啊] | 没错
  | 没问题 | 正确 | 要 [的] | 有 [的] | 能 | 愿意 | 同意 | 当然 | 是这样 [的] | 对对 | 是是 | 嗯;
$no = 不 | 不是 [的] | 不对 | 不要 [了] | 不用 [了] | 不行 | 不可以 | 不好 | 不能 | 不需要 [了]
  | 不了 | 没有 [了] | 没 | 错 [了] | 错的 | 否 | 不同意 | 不愿意;
"""

_DATE = """\
{!{
function day(later) {
  return new Date(
    Date.UTC(today.slice(0, 4), today.slice(4, 6) - 1, Number(today.slice(6)) + later));
}
function later(days) {
  var moment = day(days);
  return moment.getUTCFullYear() + two(moment.getUTCMonth() + 1) + two(moment.getUTCDate());
}
function ahead(weekday) { return (weekday - day(0).getUTCDay() + 7) % 7; }
function next(weekday) { return (weekday + 6) % 7 - (day(0).getUTCDay() + 6) % 7 + 7; }
}!};
$main = [在] ($relative | $calendar);
$calendar = $month_and_day {out = '????' + rules.latest()} [$day_of_week]
  | $year {out = rules.latest()} $month_and_day {out += rules.latest()} [$day_of_week]
  | $any_day {out = '??????' + two(rules.latest())} $day_sign;
$year = ($digit $digit $digit $digit) {out = dial(meta.current().text)} 年
  | 今年 {out = today.slice(0, 4)} | 明年 {out = '' + (Number(today.slice(0, 4)) + 1)};
$month_and_day = ($long | $short | $february) {out = two(rules.latest())} 月 $day29
    {out += two(rules.latest())} [$day_sign]
  | ($long | $short) {out = two(rules.latest())} 月 三十 {out += '30'} [$day_sign]
  | $long {out = two(rules.latest())} 月 三十一 {out += '31'} [$day_sign];
$long = 一 {out = 1} | 三 {out = 3} | 五 {out = 5} | 七 {out = 7} | 八 {out = 8} | 十 {out = 10}
  | 十二 {out = 12};
$short = 四 {out = 4} | 六 {out = 6} | 九 {out = 9} | 十一 {out = 11};
$february = 二 {out = 2};
$day29 = $one_to_nine {out = WORTH[rules.latest()]}
  | 十 {out = 10} [$one_to_nine {out += WORTH[rules.latest()]}]
  | 二十 {out = 20} [$one_to_nine {out += WORTH[rules.latest()]}];
$any_day = $day29 | 三十 {out = 30} | 三十一 {out = 31};
$one_to_nine = 一 | 二 | 三 | 四 | 五 | 六 | 七 | 八 | 九;
$day_sign = 号 | 日;
$week = 星期 | 礼拜 | 周;
$day_of_week = $week (一 {out = 1} | 二 {out = 2} | 三 {out = 3} | 四 {out = 4} | 五 {out = 5}
  | 六 {out = 6} | (日 | 天) {out = 0});
$relative = 今天 {out = later(0)} | 明天 {out = later(1)} | 后天 {out = later(2)}
  | 大后天 {out = later(3)} | 昨天 {out = later(-1)} | 前天 {out = later(-2)}
  | [(这 | 本) [个]] $day_of_week {out = later(ahead(rules.latest()))}
  | 下 [个] $day_of_week {out = later(next(rules.latest()))}
  | 上 [个] $day_of_week {out = later(next(rules.latest()) - 14)}
  | $span {out = later(rules.latest())} [以] 后 | 过 $span {out = later(rules.latest())}
  | $span {out = later(-rules.latest())} [以] 前;
$span = $below_100 {out = rules.latest()} (天 | [个] (星期 | 礼拜) {out *= 7} | 周 {out *= 7});
"""

_TIME = """\
{!{
function clock(c, half) {
  var mark = c[0] > 12 || c[0] === 0 ? 'h' : half || '?';
  if (half === 'noon') mark = c[0] > 12 ? 'h' : c[0] > 9 && c[0] < 12 ? 'a' : 'p';
  return two(c[0]) + two(c[1]) + mark;
}
}!};
$main = {var half = ''} [$half {half = rules.latest()}] $clock {out = clock(rules.latest(), half)}
  | 中午 {out = '1200p'} | (午夜 | 半夜) {out = '1200a'};
$half = (早上 | 上午 | 早晨 | 清晨 | 凌晨) {out = 'a'} | (下午 | 晚上 | 傍晚) {out = 'p'}
  | 中午 {out = 'noon'};
$clock = {var m = 0} $hour {out = [rules.latest(), m]} (点 [整 | 钟] | 时)
    [半 {out[1] = 30} | 一刻 {out[1] = 15} | 三刻 {out[1] = 45}
    | $minute {out[1] = rules.latest()} [分]];
$hour = 零 {out = 0} | $one_to_nine {out = WORTH[rules.latest()]}
  | 十 {out = 10} [$one_to_nine {out += WORTH[rules.latest()]}]
  | 二十 {out = 20} [$to_three {out += WORTH[rules.latest()]}];
$to_three = 一 | 二 | 三;
$minute = 零 $one_to_nine {out = WORTH[rules.latest()]} | $one_to_nine {out = WORTH[rules.latest()]}
  | 十 {out = 10} [$one_to_nine {out += WORTH[rules.latest()]}]
  | $tens {out = 10 * WORTH[rules.latest()]} 十
    [$one_to_nine {out += WORTH[rules.latest()]}];
$tens = 二 | 三 | 四 | 五;
$one_to_nine = 一 | 二 | 两 | 三 | 四 | 五 | 六 | 七 | 八 | 九;
"""


def _boolean(_parameters: Parameters) -> str:
    return _BOOLEAN


def _digits(parameters: Parameters) -> str:
    if "check" in parameters:
        check, length = checked_length(parameters)
        return _DIAL + checked_chain(CHECKS[check], length, _DIGITS)
    return _DIAL + _chain(*bounds(parameters))


_DIAL = "$main = $after0 {out = dial(meta.latest().text)};\n"


def _chain(least: int, most: int) -> str:
    rules = [f"$digit = {_ANY_DIGIT};\n"]
    rules += [
        f"$after{read} = $digit{rest('$after', read + 1, least, most)};\n" for read in range(most)
    ]
    return "".join(rules)


def _phone(_parameters: Parameters) -> str:
    return _DIAL + _chain(LEAST, MOST)


def _number(_parameters: Parameters) -> str:
    return (
        _TENS
        + "$main = {out = 1} [负 {out = -1}] ($amount {out *= rules.latest()} [个]"
        + " | 半 [个] {out *= 0.5});\n"
        + _NUMBERS
    )


def _currency(parameters: Parameters) -> str:
    parameters.text("currency", "")
    return (
        _TENS
        + "$main = $amount {var sum = rules.latest()} [$yuan [$jiao {sum += rules.latest()}]]"
        + " {out = 'CNY' + sum.toFixed(2)};\n"
        + "$yuan = 元 | 块 [钱] | 元钱 | 人民币;\n"
        + "$jiao = $unit {out = WORTH[rules.latest()] / 10} [毛 | 角 | 块];\n"
        + _NUMBERS
    )


def _date(parameters: Parameters) -> str:
    rules = fixed_day(parameters) + _TENS + _DATE + _NUMBERS
    if not wants_coming(parameters):
        return rules
    coming = "$main = $said {out = coming(rules.said);};\n$said ="
    return COMING + rules.replace("$main =", coming, 1)


def _time(_parameters: Parameters) -> str:
    return _TIME


_KINDS: Mapping[str, Callable[[Parameters], str]] = {
    "boolean": _boolean,
    "currency": _currency,
    "date": _date,
    "digits": _digits,
    "number": _number,
    "phone": _phone,
    "time": _time,
}


def spoken(kind: str, parameters: Parameters) -> str:
    """Write the document of a type as it is said. Raises GrammarError for wrong parameters."""
    return _HEADER + _KINDS[kind](parameters)
