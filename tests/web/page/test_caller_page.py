"""The page `/call` in a real, headless Chromium: a call, and everything that can go wrong with it.

The recogniser is not here; `tests/end_to_end/test_browser_calls.py` calls the whole server.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.peers.chromium import Chromium
from tests.peers.looks import looked_at
from tests.peers.namespace import Namespace, may_make_namespaces
from tests.web.page.conftest import Stage, staged
from voicebot.telephony._api import Admission, HoldChanged, KeyIn, LegEnded
from voicebot.types import HIDDEN, Json

pytestmark = pytest.mark.peer

STATE = "document.querySelector('#call').dataset.state"


async def begun(browser: Chromium, stage: Stage) -> None:
    """Open the page and call."""
    await browser.open(stage.url)
    await browser.click("#begin")
    await browser.until(f"{STATE} == 'talking'")


async def trouble(browser: Chromium) -> str:
    """What the page says is wrong, once it does."""
    await browser.until(f"{STATE} == 'trouble'")
    shown = "document.querySelector('#trouble [role=alert]').innerText"
    focused = "document.activeElement.id == 'trouble-title'"
    assert await browser.evaluate(focused)
    return str(await browser.evaluate(shown))


async def test_a_call_is_heard_on_both_sides(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        await stage.until(lambda: stage.loud_frames > 25, "the caller's voice")
        # What comes out of the page's own loudspeaker.
        loudest = await browser.evaluate(
            "(async () => { const context = new AudioContext(), meter = context.createAnalyser();"
            " const samples = new Float32Array(meter.fftSize);"
            " const voice = document.querySelector('#voice').srcObject;"
            " context.createMediaStreamSource(voice).connect(meter);"
            " await new Promise(done => setTimeout(done, 1000));"
            " meter.getFloatTimeDomainData(samples); return Math.max(...samples); })()"
        )
        assert loudest > 0.05
        assert browser.console == []


async def test_captions_of_both_sides_are_shown(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        call = stage.legs[0].info.call_id
        stage.door.tell(call, {"type": "prompt", "text": "What can I do <b>for</b> you?"})
        stage.door.tell(call, {"type": "partial", "text": "order"})
        await browser.until("document.querySelector('#partial').innerText == 'order'")
        stage.door.tell(call, {"type": "heard", "text": "order status", "mode": "speech"})
        await browser.until("document.querySelectorAll('.caption:not(.partial)').length == 2")
        said = await browser.evaluate(
            "[...document.querySelectorAll('#captions li')].map(e => e.innerText)"
        )
        assert said == ["Assistant\nWhat can I do <b>for</b> you?", "You\norder status"]
        assert await browser.evaluate("document.querySelector('#partial').hidden")
        assert await browser.evaluate("document.querySelector('#captions').ariaLive") == "polite"

        # A turn that holds a piece of a card number reads otherwise once that is known.
        for words in ("You said 4242.", "And then?"):
            stage.door.tell(call, {"type": "prompt", "turn": 7, "text": words})
        stage.door.tell(call, {"type": "heard", "turn": 7, "text": "4242", "mode": "dtmf"})
        stage.door.tell(call, {"type": "prompt", "turn": 8, "text": "Go on."})
        said_now = f"You said {HIDDEN}. And then?"
        hidden: dict[str, Json] = {"type": "hidden", "turn": 7, "prompt": said_now, "heard": HIDDEN}
        stage.door.tell(call, hidden)
        words = "[...document.querySelectorAll('#captions li .words')].map(e => e.innerText)"
        now = ["order status", said_now, HIDDEN, "Go on."]
        await browser.until(f"JSON.stringify({words}.slice(1)) == JSON.stringify({now!r})")


async def test_keys_of_the_keypad_and_of_the_keyboard_arrive(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        await browser.type("4")
        assert await browser.evaluate("document.querySelector('#keypad').hidden")
        await browser.click("#keys")
        await browser.click(".keys button:nth-child(2)")
        await browser.click(".keys button:nth-child(12)")
        await stage.until(lambda: len(stage.events) == 3, "three keys")
        assert [event.key for event in stage.events if isinstance(event, KeyIn)] == ["4", "2", "#"]
        assert await browser.evaluate("document.querySelector('#keyed').innerText") == "42#"


async def test_what_is_keyed_before_the_channel_opens_is_sent_when_it_does(
    stage: Stage, speech: Path
) -> None:
    async with Chromium(speech) as browser:
        await browser.open(stage.url)
        sent = await browser.evaluate(
            """(async () => {
              const { Line } = await import("./line.js");
              const line = new Line(new MediaStream());
              const sent = [];
              const messages = { readyState: "connecting", send: (text) => sent.push(text) };
              line.adopt({ messages });
              line.send({ type: "key", key: "4" });
              line.send({ type: "key", key: "2" });
              const before = sent.length;
              messages.readyState = "open";
              messages.onopen();
              line.send({ type: "key", key: "#" });
              return [before, ...sent.map((text) => JSON.parse(text).key)].join(" ");
            })()"""
        )
        assert sent == "0 4 2 #"


async def test_a_muted_caller_is_not_heard(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        await stage.until(lambda: stage.loud_frames > 10, "the caller's voice")
        await browser.click("#mute")
        assert await browser.evaluate("document.querySelector('#mute').ariaPressed") == "true"
        await asyncio.sleep(0.5)  # what is under way
        loud, frames = stage.loud_frames, stage.frames
        await stage.until(lambda: stage.frames > frames + 60, "frames of silence")
        assert stage.loud_frames == loud
        await browser.click("#mute")
        await stage.until(lambda: stage.loud_frames > loud + 10, "the caller's voice again")


async def test_the_caller_hangs_up(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        await browser.click("#end")
        await browser.until(f"{STATE} == 'ended'")
        await stage.until(lambda: stage.events, "the end")
        assert isinstance(stage.events[-1], LegEnded)
        assert stage.events[-1].reason == "caller hung up"
        assert "You hung up" in await browser.evaluate("document.body.innerText")


async def test_a_page_that_is_left_hangs_up(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        await browser.command("Page.navigate", url="about:blank")
        await stage.until(lambda: stage.events, "the end")
        assert isinstance(stage.events[-1], LegEnded)
        assert not stage.events[-1].failed


async def test_our_hanging_up_is_told_and_the_next_call_works(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        await stage.legs[0].hang_up()
        await browser.until(f"{STATE} == 'ended'")
        assert "Thank you for calling" in await browser.evaluate("document.body.innerText")
        await browser.click("#anew")
        await browser.until(f"{STATE} == 'talking'")
        await stage.until(lambda: len(stage.legs) == 2, "the second call")


async def test_text_is_offered_only_when_it_is(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        offer = "document.querySelector('#text-offer')"
        assert await browser.evaluate(f"{offer}.hidden")
        call = stage.legs[0].info.call_id
        asked = "document.querySelector('#text-yes')"
        stage.door.tell(call, {"type": "text_asked", "key": "1"})
        await browser.until(f"!{asked}.hidden")
        stage.door.tell(call, {"type": "text_asked", "key": ""})
        await browser.until(f"{asked}.hidden")
        stage.door.tell(call, {"type": "text_offered", "url": "javascript:alert(1)"})
        stage.door.tell(call, {"type": "text_offered", "url": "/chat/abc"})
        await browser.until(f"!{offer}.hidden")
        assert (await browser.evaluate(f"{offer}.href")).endswith("/chat/abc")
        stage.door.tell(call, {"type": "text_asked", "key": "1"})
        await browser.until(f"!{asked}.hidden")
        await browser.click("#text-yes")
        await stage.until(lambda: stage.events, "the key that says yes")
        assert isinstance(yes := stage.events[-1], KeyIn)
        assert yes.key == "1"
        stage.door.tell(call, {"type": "text_offered", "url": "/elsewhere"})
        await browser.until("location.pathname == '/elsewhere'")


async def test_a_blocked_microphone_is_explained(stage: Stage) -> None:
    async with Chromium(granted=False, flags=["--deny-permission-prompts"]) as browser:
        await browser.open(stage.url)
        await browser.click("#begin")
        assert (await trouble(browser)).startswith("The microphone is blocked")
        assert stage.legs == []


async def test_a_missing_microphone_is_explained(stage: Stage) -> None:
    async with Chromium(plugged_in=False) as browser:
        await browser.open(stage.url)
        await browser.click("#begin")
        assert (await trouble(browser)).startswith("No microphone found")


async def test_a_page_that_is_not_secure_says_so(speech: Path) -> None:
    if not may_make_namespaces():
        pytest.skip("no network namespaces here (they need root)")
    with Namespace(1) as network:
        async with staged(network.here) as stage, Chromium(speech) as browser:
            await browser.open(stage.url)
            await browser.click("#begin")
            assert (await trouble(browser)).startswith("This page is not secure")


@pytest.mark.parametrize("status, said", [(486, "All lines are busy"), (503, "We take no calls")])
async def test_a_refused_call_is_explained(
    stage: Stage, speech: Path, status: int, said: str
) -> None:
    stage.admission = Admission(False, status, 10)
    async with Chromium(speech) as browser:
        await browser.open(stage.url)
        await browser.click("#begin")
        assert (await trouble(browser)).startswith(said)
        stage.admission = Admission(True)
        await browser.click("#again")
        await browser.until(f"{STATE} == 'talking'")


async def test_too_many_attempts_are_explained(speech: Path) -> None:
    async with staged(per_minute=1) as stage, Chromium(speech) as browser:
        await browser.open(stage.url)
        await browser.click("#begin")
        assert (await trouble(browser)).startswith("Too many attempts")


async def test_a_server_that_is_away_is_explained(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await browser.open(stage.url)
        await stage.http.stop()
        await browser.click("#begin")
        assert (await trouble(browser)).startswith("We cannot be reached")


async def test_a_page_of_another_origin_gets_no_call(stage: Stage, speech: Path) -> None:
    """The same page under another name of this machine, asking here."""
    async with staged() as elsewhere, Chromium(speech) as browser:
        await browser.open(elsewhere.url)
        status = await browser.evaluate(
            f"fetch('{stage.http.url}/api/webrtc/token', {{method: 'POST', mode: 'no-cors'}})"
            ".then(r => r.type, e => 'stopped by the page')"
        )
        assert status == "stopped by the page"  # its own policy
        async with httpx.AsyncClient(headers={"Origin": elsewhere.http.url}) as client:
            answer = await client.post(f"{stage.http.url}/api/webrtc/token")
        assert answer.json()["code"] == "origin"
        assert stage.door.counters().tokens == 0


async def test_a_token_that_was_used_makes_no_second_call(stage: Stage, speech: Path) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        again = await browser.evaluate(
            "import('/call/line.js').then(async ({Line}) => {"
            " const m = await navigator.mediaDevices.getUserMedia({audio: true});"
            " const real = fetch; let body;"
            " window.fetch = (url, options) => { if (url.endsWith('offer')) body = options.body;"
            "   return real(url, options); };"
            " const line = new Line(m); await line.open(); window.fetch = real;"
            " const answer = await fetch('/api/webrtc/offer', {method: 'POST', body});"
            " return [answer.status, (await answer.json()).code]; })"
        )
        assert again == [401, "token"]
        assert len(stage.legs) == 2


async def test_a_call_outlives_a_change_of_network(speech: Path) -> None:
    if not may_make_namespaces():
        pytest.skip("no network namespaces here (they need root)")
    with Namespace(2) as network:
        async with (
            staged(network.here) as stage,
            Chromium(speech, namespace=network.name, secure=stage.http.url) as browser,
        ):
            await begun(browser, stage)
            await stage.until(lambda: stage.loud_frames > 10, "the caller's voice")
            network.pull_out()
            await browser.until(f"{STATE} == 'reconnecting'")
            await stage.until(lambda: stage.events, "the hold")
            network.plug_in("10.213.2.77")
            await browser.until(f"{STATE} == 'talking'")
            loud = stage.loud_frames
            await stage.until(lambda: stage.loud_frames > loud + 10, "the caller's voice again")
            await browser.type("7")
            await stage.until(
                lambda: any(isinstance(event, KeyIn) for event in stage.events), "a key"
            )
            assert stage.door.counters().reconnects == 1
            assert [e.held for e in stage.events if isinstance(e, HoldChanged)] == [True, False]
            assert len(stage.legs) == 1


async def test_a_network_that_stays_away_is_explained(speech: Path) -> None:
    if not may_make_namespaces():
        pytest.skip("no network namespaces here (they need root)")
    with Namespace(3) as network:
        async with (
            staged(network.here) as stage,
            Chromium(speech, namespace=network.name, secure=stage.http.url) as browser,
        ):
            await begun(browser, stage)
            network.pull_out()
            await browser.until(f"{STATE} == 'reconnecting'")
            await browser.until(f"{STATE} == 'trouble'", within_s=40)
            assert (await trouble(browser)).startswith("The connection was lost")
            await stage.until(
                lambda: any(isinstance(event, LegEnded) for event in stage.events), "the end"
            )


async def test_a_call_that_is_gone_when_the_network_is_back_is_over(speech: Path) -> None:
    if not may_make_namespaces():
        pytest.skip("no network namespaces here (they need root)")
    with Namespace(4) as network:
        async with (
            staged(network.here) as stage,
            Chromium(speech, namespace=network.name, secure=stage.http.url) as browser,
        ):
            await begun(browser, stage)
            network.pull_out()
            await browser.until(f"{STATE} == 'reconnecting'")
            await stage.legs[0].hang_up()
            await stage.until(lambda: not stage.door.counters().active_calls, "the end")
            await asyncio.sleep(0.5)
            network.plug_in("10.213.4.77")
            await browser.until(f"{STATE} == 'ended'")


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_wider_than_the_screen(stage: Stage, speech: Path, width: int) -> None:
    async with Chromium(speech) as browser:
        await browser.look(width)
        fits = "document.documentElement.scrollWidth <= innerWidth"
        await browser.open(stage.url)
        assert await browser.evaluate(fits)
        if width == 1280:
            await looked_at(browser, "call-page")
        await browser.click("#begin")
        await browser.until(f"{STATE} == 'talking'")
        call = stage.legs[0].info.call_id
        stage.door.tell(call, {"type": "prompt", "text": "A" * 400 + " and so on"})
        await browser.until("document.querySelectorAll('#captions li').length == 1")
        await browser.click("#keys")
        assert await browser.evaluate(fits)
        targets = await browser.evaluate(
            "[...document.querySelectorAll('button')].filter(b => b.offsetParent)"
            ".map(b => b.getBoundingClientRect()).map(r => Math.min(r.width, r.height))"
        )
        assert min(targets) >= 44
        if width == 1280:
            await looked_at(browser, "call-page-talking")


async def test_every_button_has_a_name_and_can_be_reached_by_keyboard(
    stage: Stage, speech: Path
) -> None:
    async with Chromium(speech) as browser:
        await begun(browser, stage)
        await browser.click("#keys")
        names = await browser.evaluate(
            "[...document.querySelectorAll('button')].filter(b => b.offsetParent)"
            ".map(b => b.getAttribute('aria-label') || b.innerText.trim())"
        )
        assert all(names)
        assert len(names) == len(set(names)) == 15
        assert {"Star", "Hash", "Mute", "Keypad", "Hang up"} < set(names)
        await browser.command("Input.dispatchKeyEvent", type="keyDown", key="Escape")
        assert await browser.evaluate("document.querySelector('#keypad').hidden")
        assert await browser.evaluate("document.activeElement.id") == "keys"
