"""Words by which people say that they want no messages, and that they want them again. Pure.

The English ones are those that carriers in the United States demand (CTIA, Messaging Principles and
Best Practices, 5.1.3); the others are what people write where those languages are spoken. The whole
message must be the word: 'please stop by' is none.
"""

from __future__ import annotations

import unicodedata
from enum import Enum, auto


class Wish(Enum):
    NO_MORE = auto()
    AGAIN = auto()


_NO_MORE = frozenset(
    # English
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "optout", "opt out"}
    | {"revoke", "remove"}
    # German, French, Spanish, Italian, Portuguese, Dutch
    | {"stopp", "abmelden", "abbestellen", "keine sms", "arret", "arreter", "desabonner"}
    | {"parar", "alto", "cancelar", "baja", "basta", "ferma", "cancella", "sair", "afmelden"}
    # Polish, Turkish, Russian, Ukrainian
    | {"rezygnuje", "wypisz", "iptal", "dur", "red", "стоп", "отписаться", "отписка"}
    # Chinese, Japanese, Korean, Arabic, Hindi
    | {"停止", "退订", "退訂", "取消", "取消订阅", "td", "中止", "配信停止", "중지", "수신거부"}
    | {"توقف", "إلغاء", "الغاء", "रोकें", "बंद करें"}
)
_AGAIN = frozenset(
    {"start", "unstop", "subscribe", "resume", "yes start", "anmelden", "demarrer", "reprendre"}
    | {"comenzar", "iniciar", "empezar", "alta", "inizia", "comecar", "aanmelden", "wznow"}
    | {"basla", "старт", "подписаться", "开始", "開始", "订阅", "訂閱", "시작", "ابدأ", "शुरू"}
)


def _plain(text: str) -> str:
    """Without case, accents, punctuation and doubled spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = (each for each in letters if not unicodedata.combining(each))
    words = "".join(each if each.isalnum() else " " for each in kept)
    return unicodedata.normalize("NFC", " ".join(words.split()))


_WISHES = {_plain(word): Wish.NO_MORE for word in _NO_MORE} | {
    _plain(word): Wish.AGAIN for word in _AGAIN
}


def wish_of(text: str) -> Wish | None:
    """What ``text`` asks for; None for every other message."""
    return _WISHES.get(_plain(text[:100])) if len(text) <= 100 else None
