"""Messages go out once, in order, no faster than allowed, and survive whatever stops us."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.texting.conftest import NUMBER, SECRET_LINK, Post, Scripted
from voicebot.errors import TextUnavailable
from voicebot.sending.attempt import Refused, Undecided, Unreached
from voicebot.texting.dispatch import DAY_S, DispatchPolicy
from voicebot.texting.message import MessageState
from voicebot.texting.opt_out import Wish
from voicebot.texting.retry import RetryPolicy


async def test_a_message_is_sent_and_its_link_forgotten(post: Post) -> None:
    dispatch = post.dispatch()
    assert await dispatch.submit(post.message())
    assert await dispatch.send_due() == 1
    assert [each.body for each in post.gateway.sent] == [f"Go on: {SECRET_LINK}"]
    sent = await post.get()
    assert (sent.state, sent.body, sent.tries) == (MessageState.SENT, "", 1)
    assert sent.reference == "ref-m1"
    assert await dispatch.send_due() == 0


async def test_the_same_message_given_twice_goes_out_once(post: Post) -> None:
    dispatch = post.dispatch()
    assert await dispatch.submit(post.message())
    assert not await dispatch.submit(post.message())
    await dispatch.send_due()
    await dispatch.send_due()
    assert len(post.gateway.sent) == 1


async def test_what_did_not_go_out_is_tried_again_with_growing_pauses(post: Post) -> None:
    post.gateway.answers = [Unreached("away"), Unreached("away"), Unreached("away", 120)]
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    due = []
    for _ in range(4):
        assert await dispatch.send_due() == 1
        assert await dispatch.send_due() == 0
        message = await post.get()
        due.append(message.due_at - post.now)
        post.now = message.due_at
    assert due[:3] == [5, 10, 120]
    assert (await post.get()).state is MessageState.SENT
    assert len(post.gateway.sent) == 4


async def test_the_last_try_is_the_last(post: Post) -> None:
    post.policy = DispatchPolicy(RetryPolicy(tries=2))
    post.gateway.answers = [Unreached("away"), Unreached("away")]
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    await dispatch.send_due()
    post.now += 5
    await dispatch.send_due()
    failed = await post.get()
    assert (failed.state, failed.problem, failed.body) == (MessageState.FAILED, "away", "")


async def test_a_link_that_has_run_out_is_not_sent(post: Post) -> None:
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    post.now += 900
    await dispatch.send_due()
    assert (await post.get()).state is MessageState.EXPIRED
    assert not post.gateway.sent


async def test_without_an_answer_nothing_is_sent_twice(post: Post) -> None:
    post.gateway.answers = [Undecided("no answer")]
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    await dispatch.send_due()
    post.now += 600
    assert await dispatch.send_due() == 0
    assert (await post.get()).state is MessageState.UNSURE


async def test_a_gateway_that_tells_repetitions_is_asked_again(post: Post) -> None:
    post.gateway = Scripted([Undecided("no answer")], repeatable=True)
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    await dispatch.send_due()
    post.now += 5
    await dispatch.send_due()
    assert [each.id for each in post.gateway.sent] == ["m1", "m1"]
    assert (await post.get()).state is MessageState.SENT


@pytest.mark.parametrize(
    ("repeatable", "state"), [(True, MessageState.SENT), (False, MessageState.UNSURE)]
)
async def test_a_process_that_is_killed_while_it_sends_leaves_no_double(
    post: Post, repeatable: bool, state: MessageState
) -> None:
    asked = asyncio.Event()
    post.gateway = Scripted(repeatable=repeatable, hangs=asked)
    before = post.dispatch()
    await before.submit(post.message())
    sending = asyncio.create_task(before.send_due())
    await asked.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert (await post.get()).state is MessageState.SENDING
    post.gateway = Scripted(repeatable=repeatable)
    after = post.dispatch()
    await after.recover()
    await after.send_due()
    assert (await post.get()).state is state
    assert len(post.gateway.sent) == repeatable


async def test_what_was_queued_goes_out_after_a_restart(post: Post) -> None:
    await post.dispatch().submit(post.message())
    restarted = post.dispatch()
    await restarted.recover()
    await restarted.send_due()
    assert len(post.gateway.sent) == 1


async def test_messages_to_one_recipient_stay_in_order(post: Post) -> None:
    post.gateway.answers = [Unreached("away")]
    dispatch = post.dispatch()
    await dispatch.submit(post.message("first"))
    await dispatch.submit(post.message("second"))
    await dispatch.send_due()
    assert await dispatch.send_due() == 0  # the second waits for the first
    post.now += 5
    await dispatch.send_due()
    await dispatch.send_due()
    assert [each.id for each in post.gateway.sent] == ["first", "first", "second"]


async def test_no_more_go_out_in_a_minute_than_allowed(post: Post) -> None:
    post.policy = DispatchPolicy(per_minute=3)
    dispatch = post.dispatch()
    for number in range(5):
        await dispatch.submit(post.message(f"m{number}", to=f"+1555010{number}"))
    assert await dispatch.send_due() == 3
    assert await dispatch.send_due() == 0
    post.now += 60
    assert await dispatch.send_due() == 2


async def test_one_number_gets_no_more_in_a_day_than_allowed(post: Post) -> None:
    post.policy = DispatchPolicy(per_number=2)
    dispatch = post.dispatch()
    await dispatch.submit(post.message("a"))
    await dispatch.submit(post.message("b"))
    with pytest.raises(TextUnavailable, match="enough messages today"):
        await dispatch.submit(post.message("c"))
    await dispatch.submit(post.message("d", to="+15550199"))
    restarted = post.dispatch()
    with pytest.raises(TextUnavailable):
        await restarted.submit(post.message("e"))
    post.now += DAY_S
    assert await restarted.submit(post.message("f"))
    assert dispatch.counters.refused == 1


async def test_no_more_wait_than_allowed(post: Post) -> None:
    post.policy = DispatchPolicy(max_waiting=1)
    dispatch = post.dispatch()
    await dispatch.submit(post.message("a"))
    with pytest.raises(TextUnavailable, match="too many"):
        await dispatch.submit(post.message("b", to="+15550199"))


async def test_who_says_stop_gets_none_until_they_say_start(post: Post) -> None:
    dispatch = post.dispatch()
    await dispatch.submit(post.message("queued"))
    assert await dispatch.heard(NUMBER, "Stop.") is Wish.NO_MORE
    with pytest.raises(TextUnavailable, match="wants no messages"):
        await dispatch.submit(post.message("new"))
    await dispatch.send_due()
    assert (await post.get("queued")).state is MessageState.FAILED
    restarted = post.dispatch()
    await restarted.recover()
    assert restarted.wants_none(NUMBER)
    assert await restarted.heard(NUMBER, "START") is Wish.AGAIN
    assert await restarted.submit(post.message("again"))
    assert not post.gateway.sent


async def test_one_wish_says_nothing_about_other_numbers(post: Post) -> None:
    other = "+15550101"
    for at, number in enumerate((NUMBER, other, NUMBER)):
        await post.store.opt_out(number, at)
    assert await post.store.opted_out() == {NUMBER, other}
    await post.store.opt_in(NUMBER)
    assert await post.store.opted_out() == {other}


async def test_a_gateway_that_knows_of_an_opt_out_is_believed(post: Post) -> None:
    post.gateway.answers = [Refused("error 21610", opted_out=True)]
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    await dispatch.send_due()
    assert dispatch.wants_none(NUMBER)
    assert (await post.get()).state is MessageState.FAILED


async def test_what_the_gateway_reports_is_kept_once(post: Post) -> None:
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    await dispatch.send_due()
    assert await dispatch.reported("m1", MessageState.DELIVERED)
    assert await dispatch.reported("m1", MessageState.SENT)  # late
    assert await dispatch.reported("m1", MessageState.FAILED)  # and at odds
    assert (await post.get()).state is MessageState.DELIVERED
    assert not await dispatch.reported("unknown", MessageState.DELIVERED)


async def test_a_report_settles_what_nobody_knew(post: Post) -> None:
    post.gateway.answers = [Undecided("no answer")]
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    await dispatch.send_due()
    await dispatch.reported("m1", MessageState.DELIVERED)
    assert (await post.get()).state is MessageState.DELIVERED


async def test_a_channel_that_is_switched_off_holds_nothing_up(post: Post) -> None:
    dispatch = post.dispatch(chat=Scripted())
    await dispatch.submit(post.message("m1", channel="chat"))
    await post.dispatch().send_due()
    assert (await post.get()).state is MessageState.FAILED
    with pytest.raises(TextUnavailable):
        await post.dispatch().submit(post.message("m2", channel="chat"))


async def test_the_sender_runs_by_itself_and_ends(post: Post) -> None:
    sent = asyncio.Event()
    post.gateway = Scripted(hangs=sent)
    dispatch = post.dispatch()
    await dispatch.start()
    await dispatch.submit(post.message())
    async with asyncio.timeout(20):
        await sent.wait()
    await dispatch.stop()


async def test_neither_number_nor_text_is_logged(post: Post) -> None:
    dispatch = post.dispatch()
    with capture_logs() as logged:
        await dispatch.submit(post.message("abc"))
        await dispatch.send_due()
        await dispatch.heard(NUMBER, "STOP")
    assert [each["message"] for each in logged] == ["abc"]
    assert NUMBER not in repr(logged)
    assert SECRET_LINK not in repr(logged)
    assert SECRET_LINK not in repr(post.gateway.sent[0])


async def test_outdated_texts_are_forgotten(post: Post) -> None:
    post.gateway = Scripted(keeps_body=True)
    dispatch = post.dispatch()
    await dispatch.submit(post.message())
    await dispatch.send_due()
    assert (await post.get()).body
    assert await post.store.forget_bodies(post.now) == 0
    assert await post.store.forget_bodies(post.now + 900) == 1
    assert not (await post.get()).body
