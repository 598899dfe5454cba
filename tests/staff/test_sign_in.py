"""Sign-in, sessions, and what ends them; on a clock that the tests set."""

from __future__ import annotations

import asyncio

import pytest

from tests.staff.memory import Office
from voicebot.errors import StaffBusy, StaffError
from voicebot.staff import passwords
from voicebot.staff.desk import INVITATION_S, NOBODY, SEEN_EVERY_S, SessionPolicy, SignedIn
from voicebot.staff.model import Actor, Deed
from voicebot.staff.passwords import Passwords, check_new_password
from voicebot.staff.roles import SCOPES_OF, Role, Scope
from voicebot.staff.secrets import key_of

PASSWORD = "correct horse battery"
OTHER = "another one entirely"
BOSS = Actor("boss")


@pytest.fixture
async def office() -> Office:
    office = Office(policy=SessionPolicy(idle_s=600, lasts_s=3600))
    await office.register.add_user(
        "Anna", Role.SUPERVISOR, PASSWORD, BOSS, office.now, must_change=False
    )
    return office


async def _signed_in(office: Office, name: str = "anna", password: str = PASSWORD) -> SignedIn:
    signed_in = await office.desk.sign_in(name, password, "192.0.2.1", office.now)
    assert signed_in is not None
    return signed_in


async def test_the_right_password_begins_a_session(office: Office) -> None:
    signed_in = await _signed_in(office)
    identity = await office.desk.session(signed_in.secret, office.now)
    assert identity == signed_in.identity
    assert identity is not None
    assert (identity.name, identity.scopes) == ("anna", SCOPES_OF[Role.SUPERVISOR])


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", OTHER), ("anna", ""), ("bert", PASSWORD), ("", PASSWORD), ("a\0b", PASSWORD)],
)
async def test_a_wrong_name_or_password_begins_none(
    office: Office, name: str, password: str
) -> None:
    assert await office.desk.sign_in(name, password, "192.0.2.1", office.now) is None
    assert office.book.open == {}


async def test_nobody_is_named_in_the_log_whom_there_is_not(office: Office) -> None:
    await office.desk.sign_in("my password by mistake", "x", "192.0.2.1", office.now)
    await office.desk.sign_in("ANNA", "x", "192.0.2.1", office.now)
    assert [(each.who, each.deed) for each in office.log.lines[1:]] == [
        (NOBODY, Deed.SIGN_IN_FAILED),
        ("anna", Deed.SIGN_IN_FAILED),
    ]
    assert office.log.lines[-1].address == "192.0.2.1"


async def test_an_unknown_name_costs_a_hash_like_a_known_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str | None] = []
    whole = Passwords.verify

    async def verify(self: Passwords, password: str, password_hash: str | None) -> bool:
        compared.append(password_hash)
        return await whole(self, password, password_hash)

    monkeypatch.setattr(Passwords, "verify", verify)
    worked: list[str | None] = []
    work = Passwords._work

    def noting(self: Passwords, password: str, compare: str | None) -> str:
        worked.append(compare)
        return work(self, password, compare)

    monkeypatch.setattr(Passwords, "_work", noting)
    await office.desk.sign_in("nobody", PASSWORD, "", office.now)
    await office.desk.sign_in("anna", OTHER, "", office.now)
    assert (compared[0], len(compared)) == (None, 2)
    assert worked[0] is None  # the decoy is made once
    assert len([each for each in worked[1:] if each]) == 2


async def test_a_disabled_user_is_let_in_no_more_and_signed_out_at_once(office: Office) -> None:
    await office.register.add_user("boss", Role.ADMIN, OTHER, BOSS, 0, must_change=False)
    secret = (await _signed_in(office)).secret
    await office.register.disable("anna", BOSS, office.now)
    assert await office.desk.session(secret, office.now) is None
    assert await office.desk.sign_in("anna", PASSWORD, "", office.now) is None
    await office.register.enable("anna", BOSS, office.now)
    await _signed_in(office)


async def test_a_session_ends_when_it_is_not_used(office: Office) -> None:
    secret = (await _signed_in(office)).secret
    for _ in range(3):
        office.now += 599
        assert await office.desk.session(secret, office.now) is not None
    office.now += 600
    assert await office.desk.session(secret, office.now) is None


async def test_a_session_ends_however_much_it_is_used(office: Office) -> None:
    secret = (await _signed_in(office)).secret
    for _ in range(7):
        office.now += 500
        assert await office.desk.session(secret, office.now) is not None
    office.now += 100
    assert await office.desk.session(secret, office.now) is None


async def test_use_is_not_written_down_with_every_request(office: Office) -> None:
    secret = (await _signed_in(office)).secret
    began = office.now
    office.now += SEEN_EVERY_S - 1
    await office.desk.session(secret, office.now)
    assert office.book.open[key_of(secret)].seen_at == began
    office.now += 1
    await office.desk.session(secret, office.now)
    assert office.book.open[key_of(secret)].seen_at == office.now


async def test_a_forged_session_opens_nothing(office: Office) -> None:
    secret = (await _signed_in(office)).secret
    for forged in ("", "x", secret[:-1], secret + "x", key_of(secret), "x" * 100_000, "\ud800"):
        assert await office.desk.session(forged, office.now) is None


async def test_only_hashes_are_kept(office: Office) -> None:
    secret = (await _signed_in(office)).secret
    new = await office.register.add_token(
        "anna", "report", [Scope.CALLS_READ], BOSS, office.now, days=1
    )
    kept = repr(
        [
            [(each, each.password_hash) for each in office.book.people.values()],
            [(each, each.key) for each in office.book.open.values()],
            [(each, each.key) for each in office.book.keys.values()],
        ]
    )
    assert secret not in kept
    assert new.secret not in kept
    assert PASSWORD not in kept


async def test_signing_in_ends_the_session_that_the_browser_had(office: Office) -> None:
    planted = await _signed_in(office)
    signed_in = await office.desk.sign_in(
        "anna", PASSWORD, "", office.now, instead_of=planted.secret
    )
    assert signed_in is not None
    assert signed_in.secret != planted.secret
    assert await office.desk.session(planted.secret, office.now) is None


async def test_two_who_sign_in_at_once_both_have_a_session(office: Office) -> None:
    first, second = await asyncio.gather(_signed_in(office), _signed_in(office, "ANNA"))
    assert first.secret != second.secret
    assert await office.desk.session(first.secret, office.now) is not None
    assert await office.desk.session(second.secret, office.now) is not None


async def test_another_password_ends_every_session_but_the_new_one(office: Office) -> None:
    here, there = await _signed_in(office), await _signed_in(office)
    changed = await office.desk.change_password(here.identity, PASSWORD, OTHER, "", office.now)
    assert changed is not None
    for old in (here, there):
        assert await office.desk.session(old.secret, office.now) is None
    assert await office.desk.session(changed.secret, office.now) is not None
    assert await office.desk.sign_in("anna", PASSWORD, "", office.now) is None
    await _signed_in(office, password=OTHER)


async def test_the_old_password_is_asked_for(office: Office) -> None:
    here = await _signed_in(office)
    changed = await office.desk.change_password(here.identity, OTHER, OTHER, "", office.now)
    assert changed is None
    assert await office.desk.session(here.secret, office.now) is not None


@pytest.mark.parametrize("new", ["short", "a" * 30, "anna" * 100, PASSWORD])
async def test_a_new_password_that_will_not_do_changes_nothing(office: Office, new: str) -> None:
    here = await _signed_in(office)
    with pytest.raises(StaffError):
        await office.desk.change_password(here.identity, PASSWORD, new, "", office.now)
    await _signed_in(office)


def test_a_password_that_is_the_name_will_not_do() -> None:
    with pytest.raises(StaffError, match="name"):
        check_new_password("Anna.Miller@shop", "anna.miller@shop")


async def test_a_given_password_has_to_be_changed(office: Office) -> None:
    await office.register.set_password("anna", OTHER, BOSS, office.now, must_change=True)
    here = await _signed_in(office, password=OTHER)
    assert here.identity.must_change
    changed = await office.desk.change_password(here.identity, OTHER, PASSWORD, "", office.now)
    assert changed is not None
    assert not changed.identity.must_change
    assert not (await _signed_in(office)).identity.must_change


async def test_a_password_of_a_megabyte_is_wrong_and_not_hashed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    work = Passwords._work

    def noting(self: Passwords, password: str, compare: str | None) -> str:
        lengths.append(len(password))
        return work(self, password, compare)

    monkeypatch.setattr(Passwords, "_work", noting)
    assert await office.desk.sign_in("anna", "x" * 1_000_000, "", office.now) is None
    assert max(lengths) <= passwords.LONGEST + 1


async def test_the_beginning_of_a_long_password_is_not_the_password(office: Office) -> None:
    longest = "abcdefgh" * (passwords.LONGEST // 8)
    await office.register.set_password("anna", longest, BOSS, office.now, must_change=False)
    await _signed_in(office, password=longest)
    assert await office.desk.sign_in("anna", longest + "x", "", office.now) is None


async def test_a_composed_letter_is_the_same_password_either_way(office: Office) -> None:
    await office.register.set_password("anna", "sch\u00f6nes Wetter", BOSS, 0, must_change=False)
    await _signed_in(office, password="scho\u0308nes Wetter")


async def test_too_many_who_sign_in_at_once_are_told_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 3)
    many = [
        office.desk.sign_in("anna", OTHER, "", office.now)
        for _ in range(passwords.MOST_WAITING + 5)
    ]
    results = await asyncio.gather(*many, return_exceptions=True)
    assert sum(isinstance(result, StaffBusy) for result in results) >= 5
    await _signed_in(office)


async def test_signing_out_elsewhere_leaves_this_session(office: Office) -> None:
    here, there = await _signed_in(office), await _signed_in(office)
    await office.desk.sign_out_elsewhere(here.identity, "", office.now)
    assert await office.desk.session(here.secret, office.now) is not None
    assert await office.desk.session(there.secret, office.now) is None
    await office.desk.sign_out(here.identity, "", office.now)
    assert await office.desk.session(here.secret, office.now) is None


# The first administrator


async def test_an_invitation_makes_one_administrator_once() -> None:
    office = Office()
    secret = await office.desk.invite(office.now)
    assert secret is not None
    both = await asyncio.gather(
        office.desk.accept(secret, "Eva", PASSWORD, "", office.now),
        office.desk.accept(secret, "mallory", PASSWORD, "", office.now),
    )
    assert [each is not None for each in both] == [True, False]
    assert [user.role for user in office.book.people.values()] == [Role.ADMIN]
    assert await office.desk.invite(office.now) is None


async def test_an_invitation_ends() -> None:
    office = Office()
    secret = await office.desk.invite(office.now)
    assert secret is not None
    late = office.now + INVITATION_S
    assert await office.desk.accept(secret, "eva", PASSWORD, "", late) is None
    assert await office.desk.accept("guessed", "eva", PASSWORD, "", office.now) is None
    assert office.book.people == {}


async def test_a_password_that_will_not_do_leaves_the_invitation() -> None:
    office = Office()
    secret = await office.desk.invite(office.now)
    assert secret is not None
    with pytest.raises(StaffError, match="10"):
        await office.desk.accept(secret, "eva", "short", "", office.now)
    assert await office.desk.accept(secret, "eva", PASSWORD, "", office.now) is not None


async def test_an_invitation_is_void_where_somebody_was_added_meanwhile() -> None:
    office = Office()
    secret = await office.desk.invite(office.now)
    assert secret is not None
    await office.register.add_user("eva", Role.ADMIN, PASSWORD, BOSS, 0, must_change=False)
    assert await office.desk.accept(secret, "mallory", PASSWORD, "", office.now) is None
