"""What callers of the demo shop want, and how they put it, in English and Chinese.

Tables, and no more: `caller` draws from them. An answer is looked up by the step that asks, with
the slot behind a slash where a form asks (`return_form/day`). A step that is not here is answered
by `ELSE`. ``{number}`` in a sentence stands for an order number as it is spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Sentences: TypeAlias = tuple[str, ...]

EN: Final = "en-US"
ZH: Final = "zh-CN"


@dataclass(frozen=True, slots=True)
class Want:
    """One wish: how often it comes (any unit), and the sentences that begin it, by language."""

    share: float
    opens: Mapping[str, Sentences]


WANTS: Final[Mapping[str, Want]] = {
    "order": Want(
        30,
        {
            EN: (
                "where is my order",
                "order status",
                "i'd like to check on my order",
                "has my order shipped",
                "my order number is {number}",
                "where is my package",
                "i'm still waiting for my things",
                "what's taking so long with my order",
                "when will my parcel arrive",
            ),
            ZH: ("我的包裹到哪儿了", "查一下订单", "订单状态"),
        },
    ),
    "return": Want(
        14,
        {
            EN: (
                "i want to return something",
                "start a return",
                "i want to return order {number} because it's too small",
                "i'd like to send this back",
                "the jacket doesn't fit i want to give it back",
            ),
            ZH: ("我要退货", "帮我办理退货"),
        },
    ),
    "damaged": Want(
        7,
        {
            EN: ("my parcel arrived damaged", "my order is broken", "the item arrived smashed"),
            ZH: ("包裹坏了", "收到的东西是坏的"),
        },
    ),
    "cancel": Want(
        5,
        {
            EN: ("i want to cancel my order", "please cancel order {number}"),
            ZH: ("我要取消订单",),
        },
    ),
    "hours": Want(
        9,
        {
            EN: ("when are you open", "are you open on saturday", "what are your opening hours"),
            ZH: ("几点开门", "营业时间"),
        },
    ),
    "offers": Want(
        5,
        {EN: ("what are your current offers", "any deals today"), ZH: ("有什么优惠",)},
    ),
    "refund": Want(
        7,
        {
            EN: ("where is my refund", "i want my money back", "when do i get my money"),
            ZH: ("我的退款到了吗",),
        },
    ),
    "rules": Want(
        6,
        {
            EN: (
                "what's your return policy",
                "how many days do i have to send it back",
                "can i return something without the receipt",
            ),
            ZH: ("多少天之内可以退货",),
        },
    ),
    "invoice": Want(4, {EN: ("i need an invoice", "can you send me the bill again")}),
    "address": Want(3, {EN: ("i need to change my address", "send it to another address please")}),
    "person": Want(
        8,
        {
            EN: ("operator", "can i talk to a person please", "i want to speak to somebody"),
            ZH: ("转人工",),
        },
    ),
    "else": Want(
        4,
        {
            EN: (
                "do you sell gift cards",
                "is my parcel insured against theft",
                "do you ship to canada",
                "can i pay in three parts",
                "do you have the blue lamp again",
                "i left my umbrella in your shop",
            ),
            ZH: ("你们卖礼品卡吗",),
        },
    ),
}

_YES: Final = {EN: ("yes", "yes please"), ZH: ("是的", "好的")}
_NO: Final = {EN: ("no", "no thank you"), ZH: ("不用了", "不是")}

NUMBER: Final = "{number}"
OTHER_NUMBER: Final = "/other"
"""How a question ends that asks to which number a text should go."""
ANSWERS: Final[Mapping[str, Mapping[str, Sentences]]] = {
    "anything_else": {EN: ("no thank you", "no that's all", "no"), ZH: ("没有了，谢谢", "没有了")},
    "ask_number": {EN: (NUMBER,), ZH: (NUMBER,)},
    "return_form/number": {EN: (NUMBER,), ZH: (NUMBER,)},
    "return_form/reason": {
        EN: ("it's too small", "it arrived broken", "i changed my mind", "it's the wrong color"),
        ZH: ("太小了", "不想要了"),
    },
    "return_form/remedy": {EN: ("a refund please", "refund", "exchange"), ZH: ("退款吧", "换货")},
    "return_form/day": {EN: ("friday", "tomorrow", "next monday"), ZH: ("星期五", "明天")},
    "damaged.what_happened/part": {
        EN: ("the item", "both", "just the box", "the item is broken"),
        ZH: ("都坏了", "箱子"),
    },
    "cancel.which_order/number": {EN: (NUMBER,), ZH: (NUMBER,)},
}
"""Where there is something to say but yes or no."""

YES_AT: Final[Mapping[str, float]] = {
    "about_return": 0.7,
    "about_order": 0.6,
    "about_damaged": 0.6,
    "about_ticket": 0.6,
    "offer_tracking": 0.45,
    "offer_label": 0.6,
    "offer_to_type": 0.5,
    "offer_agent": 0.75,
    "person_as_well": 0.55,
    "damaged.what_happened/usable": 0.4,
    "damaged.ask_voucher": 0.5,
    "damaged.ask_photo": 0.3,
    "damaged.how_photo": 0.5,
    "damaged.ask_replacement": 0.6,
    "damaged.closed": 0.5,
    "cancel.sure": 0.85,
}
"""How many say yes where that is the question."""
ELSE: Final = 0.9
"""And at any other question: mostly it asks whether something was right."""

STRANGE: Final[Mapping[str, Sentences]] = {
    EN: (
        "hang on a second",
        "no wait the other one",
        "it's about the thing from last week",
        "can you hear me",
        "well it is a long story",
        "my neighbour took it i think",
        "the app told me to call you",
        "is this a machine",
    ),
    ZH: ("等一下", "你能听见吗", "上次那个事情"),
}
"""What people say that answers no question."""

DIGITS: Final[Mapping[str, Sentences]] = {
    EN: ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ZH: ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九"),
}


def yes_or_no(yes: bool, language: str) -> Sentences:
    """The ways to say it."""
    return (_YES if yes else _NO)[language]


def spoken(number: str, language: str) -> str:
    """An order number as it is said, digit by digit."""
    between = " " if language == EN else ""
    return between.join(DIGITS[language][int(digit)] for digit in number)
