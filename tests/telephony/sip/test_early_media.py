"""Before the answer: ringing, or something to hear already."""

from __future__ import annotations

import numpy as np

from tests.telephony.sip.conftest import Bot
from tests.telephony.sip.phone import Phone, media_port
from voicebot.telephony._api import CallLeg, RingingLeg
from voicebot.types import Samples


class Loud:
    def next_frame(self, now: float) -> Samples | None:
        return np.full(160, 8000, np.int16)


def ringing(bot: Bot, early_media: bool) -> list[bool]:
    heard: list[bool] = []

    async def serve(leg: CallLeg) -> None:
        assert isinstance(leg, RingingLeg)
        leg.attach(Loud())
        heard.append(await leg.ring(early_media=early_media))
        bot.changed.set()
        await bot.until(lambda bot: len(bot.refused) > 0, "the word to answer")
        await leg.answer()
        await bot.listen(leg)

    bot.script = serve
    return heard


def answer_now(bot: Bot) -> None:
    bot.refused.append(0)
    bot.changed.set()


async def test_the_source_is_heard_before_the_answer_and_the_answer_says_the_same(
    phone: Phone, bot: Bot
) -> None:
    heard = ringing(bot, early_media=True)
    phone.invite()
    progress = await phone.message()
    while progress.status_code == 100:  # type: ignore[union-attr]
        progress = await phone.message()
    assert progress.status_code == 183  # type: ignore[union-attr]
    assert heard == [True]
    phone.media_to = media_port(progress.text)
    assert (await phone.hear()).payload != b"\xff" * 160
    phone.talk(b"\x90" * 160)
    answer_now(bot)
    ok = await phone.expect(200)
    assert ok.text == progress.text
    phone.establish(ok)
    phone.ack()
    await bot.until(lambda bot: len(bot.events) >= 3, "audio after the answer")
    await phone.hang_up()


async def test_without_early_media_it_only_rings(phone: Phone, bot: Bot) -> None:
    heard = ringing(bot, early_media=False)
    phone.invite()
    answer_now(bot)
    phone.establish(await phone.expect(200))
    assert [answer.status_code for answer in phone.answers] == [100, 180, 200]
    assert heard == [False]
    phone.ack()
    await phone.hang_up()


async def test_who_leaves_the_offer_to_us_only_hears_it_ring(phone: Phone, bot: Bot) -> None:
    heard = ringing(bot, early_media=True)
    phone.invite(sdp="")
    answer_now(bot)
    ok = await phone.expect(200)
    assert [answer.status_code for answer in phone.answers] == [100, 180, 200]
    assert heard == [False]
    phone.establish(ok)
    phone.ack(phone.sdp())
    await phone.hear()
    await phone.hang_up()


async def test_a_caller_who_gives_up_meanwhile_is_noticed(phone: Phone, bot: Bot) -> None:
    gone: list[bool] = []

    async def serve(leg: CallLeg) -> None:
        assert isinstance(leg, RingingLeg)
        await leg.ring(early_media=True)
        await leg.given_up()
        gone.append(True)
        bot.changed.set()

    bot.script = serve
    phone.invite()
    await bot.until(lambda bot: bot.legs != [], "the call")
    await phone.message()
    phone.cancel()
    await bot.until(lambda bot: gone == [True], "the end")
