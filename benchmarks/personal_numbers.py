"""How many card numbers said over several turns are found, and how many other numbers are taken for
one.

Cards with right check digits are cut and said in many ways, and with one piece that is corrected;
IBANs are cut in groups of four. The other numbers are those of calls as they are, in digits or in
words: an order number (asked for again where it was not understood), a telephone number, a
postcode, a quantity, a date. They answer a question each; or, the worst that can be, they are all
said to one question that understands none; or they are corrected ('no, 4 2'). Last, the sentences
of CLINC150, eight to a call.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from voicebot.ibans_in_pieces import completed_iban
from voicebot.numbers_in_pieces import Said, completed

CALLS = 20_000
DATA = Path(__file__).parents[2] / "shared" / "data" / "clinc150" / "train.json"
CUTS = ((4, 4, 4, 4), (8, 8), (4, 12), (2,) * 8, (4, 4, 8), (6, 6, 4), (3, 3, 3, 3, 4), (1,) * 16)
WORDS = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
AROUND = ("{}", "{}", "and then {}", "okay {}", "it is {} I think", "next is {} please")
AMENDED = ("no, {}", "sorry {}", "no that is wrong it is {}", "I mean {}", "not that, {}")
BETWEEN = ("uh", "wait a moment", "go on", "")


def card(dice: random.Random) -> str:
    prefix = dice.choice(("4", "51", "53", "2221", "6011", "62"))
    digits = (prefix + number(dice, 15))[:15]
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def number(dice: random.Random, length: int) -> str:
    return "".join(dice.choices("0123456789", k=length))


def spoken(digits: str, dice: random.Random) -> str:
    words = dice.random() < 0.5
    said = " ".join(WORDS[int(each)] for each in digits) if words else digits
    return (dice.choice(AROUND) if len(digits) > 1 else "{}").format(said)


def dictated(dice: random.Random) -> list[Said]:
    digits, at = card(dice), 0
    turns: list[Said] = []
    for length in dice.choice(CUTS):
        if turns and dice.random() < 0.2:
            turns.append(Said(dice.choice(BETWEEN), "card"))
        turns.append(Said(spoken(digits[at : at + length], dice), "card"))
        at += length
    return turns


def corrected(dice: random.Random) -> list[Said]:
    """A card of which one digit is wrong at first."""
    digits = card(dice)
    pieces = [digits[at : at + 4] for at in range(0, 16, 4)]
    place, wrong = dice.randrange(4), dice.randrange(4)
    said_first = list(pieces[place])
    said_first[wrong] = str((int(said_first[wrong]) + dice.randint(1, 9)) % 10)
    first, amended = "".join(said_first), dice.choice(AMENDED).format(spoken(pieces[place], dice))
    if dice.random() < 0.3:  # in one breath
        told = [*pieces[:place], f"{first} {amended}", *pieces[place + 1 :]]
    elif dice.random() < 0.4:  # when all was said
        told = [*pieces[:place], first, *pieces[place + 1 :], amended]
    else:
        told = [*pieces[:place], first, amended, *pieces[place + 1 :]]
    return [Said(each, "card") for each in told]


def iban(dice: random.Random) -> list[Said]:
    country, bank, length = dice.choice((("DE", "", 18), ("GB", "NWBK", 14), ("NL", "ABNA", 10)))
    account = bank + number(dice, length)
    check = 98 - int("".join(str(int(each, 36)) for each in f"{account}{country}00")) % 97
    plain = f"{country}{check:02}{account}"
    aloud = dice.random() < 0.5
    parts = [plain[at : at + 4] for at in range(0, len(plain), 4)]
    return [Said(spelled_out(part) if aloud else part, "account") for part in parts]


def spelled_out(part: str) -> str:
    return " ".join(WORDS[int(each)] if each.isdecimal() else each.lower() for each in part)


def taken_back(dice: random.Random) -> list[Said]:
    """A call about an order, with an order and a telephone number that are corrected."""
    order, telephone = number(dice, dice.choice((4, 5, 6, 8))), number(dice, dice.choice((7, 10)))
    told = [("order", misheard(order, dice)), ("order", f"no, {order}")]
    told += [("telephone", misheard(telephone, dice)), ("telephone", f"sorry, {telephone}")]
    told += [("order", f"no wait, {order}")] * dice.choice((0, 1))
    return [Said(each, question) for question, each in told]


def ordinary(dice: random.Random, answers: bool) -> list[Said]:
    """A call about orders: what it holds is no card."""
    order = number(dice, dice.choice((4, 5, 6, 8, 10)))
    missed = [("order", misheard(order, dice)) for _ in range(dice.choice((0, 0, 0, 1, 2)))]
    told = [("", order)]
    told += [("", number(dice, dice.choice((7, 10, 11))))] * dice.choice((0, 1))
    told += [("", number(dice, 5))] * dice.choice((0, 1))
    told += [("", str(dice.randint(1, 20)))] * dice.choice((0, 1))
    told += [("", f"{dice.randint(1, 31)}"), ("", "2026")] * dice.choice((0, 1))
    return [
        Said(spoken(each, dice), question if answers else "anything")
        for question, each in [*missed, *told]
    ]


def misheard(digits: str, dice: random.Random) -> str:
    """The same, or with another digit in one place."""
    place = dice.randrange(2 * len(digits))
    return digits[:place] + number(dice, 1) + digits[place + 1 :] if place < len(digits) else digits


def sentences(dice: random.Random) -> Iterator[list[Said]]:
    if not DATA.exists():
        print(f"  (CLINC150 is not at {DATA.parent.name})")
        return
    texts = [text for text, _ in json.loads(DATA.read_text())]
    dice.shuffle(texts)
    for first in range(0, len(texts) - 8, 8):
        yield [Said(text, "menu") for text in texts[first : first + 8]]


def found(turns: list[Said]) -> bool:
    parts = [turns[: last + 1] for last in range(len(turns))]
    return any((completed(part) or completed_iban(part)) is not None for part in parts)


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    dice = random.Random(8)
    began = time.process_time()
    cards = sum(found(dictated(dice)) for _ in range(calls))
    spent = time.process_time() - began
    print(f"cards said over several turns, found: {cards} of {calls} ({cards / calls:.2%})")
    print(f"  {1e6 * spent / calls:.0f} us of the processor a call")
    for name, made in (("cards with a piece corrected", corrected), ("IBANs in groups", iban)):
        count = sum(found(made(dice)) for _ in range(calls))
        print(f"{name}, found: {count} of {calls} ({count / calls:.2%})")
    wrong = sum(found(taken_back(dice)) for _ in range(calls))
    print(f"calls that correct other numbers, masked: {wrong} of {calls} ({wrong / calls:.3%})")
    for name, answers in (("as answers", True), ("at one question", False)):
        wrong = sum(found(ordinary(dice, answers)) for _ in range(calls))
        print(f"calls about orders, {name}, masked: {wrong} of {calls} ({wrong / calls:.3%})")
    talks = list(sentences(dice))
    wrong = sum(map(found, talks))
    print(f"CLINC150, eight sentences to a call, masked: {wrong} of {len(talks)}")


if __name__ == "__main__":
    main()
