"""Users and tokens: names, rights, and what is written down about changes."""

from __future__ import annotations

import pytest

from tests.staff.memory import Office
from voicebot.errors import StaffError
from voicebot.staff.model import Actor, Deed
from voicebot.staff.names import name_of
from voicebot.staff.register import MOST_TOKENS
from voicebot.staff.roles import SCOPES_OF, Role, Scope
from voicebot.staff.secrets import TOKEN_PREFIX

PASSWORD = "correct horse battery"
BOSS = Actor("boss", "192.0.2.9")
DAY_S = 86_400


@pytest.fixture
async def office() -> Office:
    office = Office()
    for name, role in (("boss", Role.ADMIN), ("anna", Role.SUPERVISOR)):
        await office.register.add_user(name, role, PASSWORD, BOSS, office.now, must_change=False)
    office.log.lines.clear()
    return office


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Anna", "anna"),
        ("  anna ", "anna"),
        ("anna.miller@shop", "anna.miller@shop"),
        ("\uff21\uff4e\uff4e\uff41", "anna"),  # full-width
        ("Bjo\u0308rn", "bj\u00f6rn"),
        ("李雷", "李雷"),
        ("Ольга", "ольга"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
    ],
)
def test_a_name_has_one_spelling(typed: str, name: str) -> None:
    assert name_of(typed) == name
    assert name_of(name) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "a b",
        "a\nb",
        "a\0",
        "-a",
        "<b>",
        "a" * 65,
        "a" * 1_000_000,
        "\u202eanna",
        "\ud800",
    ],
)
def test_what_can_be_no_name_is_told(typed: str) -> None:
    with pytest.raises(StaffError, match="letters and figures"):
        name_of(typed)


async def test_a_name_is_given_once(office: Office) -> None:
    with pytest.raises(StaffError, match="already"):
        await office.register.add_user("ANNA", Role.AGENT, PASSWORD, BOSS, 0, must_change=False)


def test_every_role_but_admin_lacks_something_and_agents_read_no_records() -> None:
    assert SCOPES_OF[Role.ADMIN] == set(Scope)
    assert all(SCOPES_OF[role] < set(Scope) for role in Role if role is not Role.ADMIN)
    assert Scope.CALLS_READ not in SCOPES_OF[Role.AGENT]
    for role in (Role.AGENT, Role.DESIGNER, Role.SUPERVISOR):
        assert not SCOPES_OF[role] & {Scope.USERS_MANAGE, Scope.AUDIT_READ}


async def test_the_last_administrator_stays(office: Office) -> None:
    with pytest.raises(StaffError, match="no administrator"):
        await office.register.disable("boss", BOSS, office.now)
    with pytest.raises(StaffError, match="no administrator"):
        await office.register.set_role("boss", Role.AGENT, BOSS, office.now)
    await office.register.set_role("anna", Role.ADMIN, BOSS, office.now)
    await office.register.disable("boss", BOSS, office.now)


async def test_every_change_of_rights_is_written_down(office: Office) -> None:
    register, now = office.register, office.now
    await register.add_user("eva", Role.AGENT, PASSWORD, BOSS, now, must_change=True)
    await register.set_role("eva", Role.DESIGNER, BOSS, now)
    await register.set_password("eva", "another one entirely", BOSS, now, must_change=True)
    new = await register.add_token("eva", "report", [Scope.CALLS_READ], BOSS, now)
    await register.revoke_token(new.token.id, BOSS, now)
    await register.disable("eva", BOSS, now)
    await register.enable("eva", BOSS, now)
    assert office.log.deeds == [
        ("boss", Deed.USER_ADDED, "eva (agent)"),
        ("boss", Deed.ROLE_CHANGED, "eva (agent to designer)"),
        ("boss", Deed.PASSWORD_CHANGED, "eva"),
        ("boss", Deed.TOKEN_ADDED, f"{new.token.id} of eva: calls:read"),
        ("boss", Deed.TOKEN_REVOKED, new.token.id),
        ("boss", Deed.USER_DISABLED, "eva"),
        ("boss", Deed.USER_ENABLED, "eva"),
    ]
    assert {each.address for each in office.log.lines} == {"192.0.2.9"}


async def test_who_is_unknown_is_told(office: Office) -> None:
    with pytest.raises(StaffError, match="no user has this name"):
        await office.register.disable("nobody", BOSS, office.now)


# Tokens


async def test_a_token_opens_what_it_was_made_for(office: Office) -> None:
    new = await office.register.add_token("anna", "report", [Scope.CALLS_READ], BOSS, office.now)
    assert new.secret.startswith(TOKEN_PREFIX)
    identity = await office.desk.token(new.secret, office.now)
    assert identity is not None
    assert (identity.name, identity.scopes) == ("anna", frozenset({Scope.CALLS_READ}))
    assert identity.who == f"anna (token {new.token.id})"
    assert (await office.register.tokens("anna"))[0].used_at == office.now


async def test_a_token_ends_by_time_by_revocation_and_with_its_user(office: Office) -> None:
    async def add(days: float | None = None) -> tuple[str, str]:
        new = await office.register.add_token(
            "anna", "report", [Scope.CALLS_READ], BOSS, office.now, days=days
        )
        return new.secret, new.token.id

    short, _ = await add(days=1)
    kept, id = await add()
    assert await office.desk.token(short, office.now + DAY_S - 1) is not None
    assert await office.desk.token(short, office.now + DAY_S) is None
    assert await office.desk.token(kept, office.now + 1000 * DAY_S) is not None
    await office.register.disable("anna", BOSS, office.now)
    assert await office.desk.token(kept, office.now) is None
    await office.register.enable("anna", BOSS, office.now)
    await office.register.revoke_token(id, BOSS, office.now)
    assert await office.desk.token(kept, office.now) is None
    with pytest.raises(StaffError, match="still good"):
        await office.register.revoke_token(id, BOSS, office.now)


async def test_a_token_has_no_right_that_its_user_lacks(office: Office) -> None:
    with pytest.raises(StaffError, match="among: calls:listen, calls:read"):
        await office.register.add_token("anna", "x", [Scope.USERS_MANAGE], BOSS, office.now)
    with pytest.raises(StaffError, match="among"):
        await office.register.add_token("anna", "x", [], BOSS, office.now)
    new = await office.register.add_token("anna", "x", [Scope.DIAL], BOSS, office.now)
    await office.register.set_role("anna", Role.AGENT, BOSS, office.now)
    identity = await office.desk.token(new.secret, office.now)
    assert identity is not None
    assert identity.scopes == frozenset()


async def test_nobody_revokes_the_token_of_another(office: Office) -> None:
    new = await office.register.add_token("anna", "x", [Scope.DIAL], BOSS, office.now)
    with pytest.raises(StaffError, match="still good"):
        await office.register.revoke_token(new.token.id, BOSS, office.now, owner="boss")
    assert await office.desk.token(new.secret, office.now) is not None


@pytest.mark.parametrize("title", ["", "  ", "x" * 101])
async def test_a_token_is_named_by_its_purpose(office: Office, title: str) -> None:
    with pytest.raises(StaffError, match="named"):
        await office.register.add_token("anna", title, [Scope.DIAL], BOSS, office.now)


async def test_a_user_has_only_so_many_tokens(office: Office) -> None:
    for number in range(MOST_TOKENS):
        await office.register.add_token("anna", f"n{number}", [Scope.DIAL], BOSS, office.now)
    with pytest.raises(StaffError, match="revoke one first"):
        await office.register.add_token("anna", "one more", [Scope.DIAL], BOSS, office.now)


@pytest.mark.parametrize("secret", ["", "vb_", "vb_wrong", "x" * 10_000])
async def test_a_wrong_token_opens_nothing(office: Office, secret: str) -> None:
    assert await office.desk.token(secret, office.now) is None
