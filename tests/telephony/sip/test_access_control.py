"""Who may call in: addresses, passwords, nonces that age and count."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from voicebot.telephony.sip import access
from voicebot.telephony.sip.access import Access, AccessControl, Verdict
from voicebot.telephony.sip.digest import (
    Credentials,
    DigestInput,
    answer_challenge,
    digest_response,
    is_stale,
)

ANNA = Credentials("anna", "sesame")
USERS = {"anna": "sesame"}
FAR = "198.51.100.7"
URI = "sip:1000@127.0.0.1"


def proof(
    opened: AccessControl, now: float, credentials: Credentials = ANNA, nc: str = "00000001"
) -> list[str]:
    """An Authorization for a challenge given out at ``now``."""
    challenges = opened.challenges(Verdict.WHO_ARE_YOU, now)
    found = answer_challenge(401, {"www-authenticate": challenges}, credentials, "INVITE", URI)
    assert found is not None
    assert found[0] == "Authorization"
    return [found[1]]


def test_without_settings_everybody_is_welcome() -> None:
    assert AccessControl(Access()).judge("INVITE", [], FAR, 0.0) is Verdict.WELCOME


def test_the_list_of_addresses_needs_no_password_and_lets_nobody_else_in() -> None:
    opened = AccessControl(Access(networks=(IPv4Network("10.1.0.0/16"),)))
    assert opened.judge("INVITE", [], "10.1.9.9", 0.0) is Verdict.WELCOME
    assert opened.judge("INVITE", [], "10.2.0.1", 0.0) is Verdict.FORBIDDEN


def test_a_user_elsewhere_is_asked_and_let_in_with_the_password() -> None:
    opened = AccessControl(Access(USERS, (IPv4Network("10.1.0.0/16"),)))
    assert opened.judge("INVITE", [], FAR, 0.0) is Verdict.WHO_ARE_YOU
    assert opened.judge("INVITE", proof(opened, 0.0), FAR, 1.0) is Verdict.WELCOME


def test_a_provider_that_we_register_with_is_trusted() -> None:
    opened = AccessControl(Access(USERS))
    opened.trust(frozenset({FAR}))
    assert opened.judge("INVITE", [], FAR, 0.0) is Verdict.WELCOME


@pytest.mark.parametrize(
    "credentials", [Credentials("anna", "wrong"), Credentials("eve", "sesame"), Credentials("", "")]
)
def test_a_wrong_name_or_password_stays_outside(credentials: Credentials) -> None:
    opened = AccessControl(Access(USERS))
    assert opened.judge("INVITE", proof(opened, 0.0, credentials), FAR, 1.0) is Verdict.WRONG


def test_the_preferred_algorithm_comes_first_and_each_one_works() -> None:
    both = AccessControl(Access(USERS)).challenges(Verdict.WHO_ARE_YOU, 0.0)
    assert ["SHA-256" in both[0], "MD5" in both[1]] == [True, True]
    for algorithm in ("MD5", "SHA-256"):
        opened = AccessControl(Access(USERS, algorithms=(algorithm,)))
        assert opened.judge("INVITE", proof(opened, 0.0), FAR, 1.0) is Verdict.WELCOME


def test_an_algorithm_that_was_not_offered_does_not_serve() -> None:
    strict = AccessControl(Access(USERS, algorithms=("SHA-256",)), secret=b"s")
    lax = AccessControl(Access(USERS, algorithms=("MD5",)), secret=b"s")
    assert strict.judge("INVITE", proof(lax, 0.0), FAR, 1.0) is Verdict.WRONG


def test_the_method_is_part_of_the_proof() -> None:
    opened = AccessControl(Access(USERS))
    assert opened.judge("OPTIONS", proof(opened, 0.0), FAR, 1.0) is Verdict.WRONG


def test_an_old_nonce_is_stale_and_the_challenge_says_so() -> None:
    opened = AccessControl(Access(USERS))
    late = access.NONCE_LIFETIME_S + 1
    assert opened.judge("INVITE", proof(opened, 0.0), FAR, late) is Verdict.STALE
    again = {"www-authenticate": opened.challenges(Verdict.STALE, late)}
    assert is_stale(401, again)


def test_a_nonce_of_another_server_is_stale() -> None:
    opened = AccessControl(Access(USERS))
    assert (
        opened.judge("INVITE", proof(AccessControl(Access(USERS)), 0.0), FAR, 1.0) is Verdict.STALE
    )


def test_a_proof_that_is_played_again_is_not_believed() -> None:
    opened = AccessControl(Access(USERS))
    first = proof(opened, 0.0)
    assert opened.judge("INVITE", first, FAR, 1.0) is Verdict.WELCOME
    assert opened.judge("INVITE", first, FAR, 1.0) is Verdict.STALE


def test_a_nonce_may_be_used_again_with_a_higher_count() -> None:
    opened = AccessControl(Access(USERS))
    (first,) = proof(opened, 0.0)
    assert opened.judge("INVITE", [first], FAR, 1.0) is Verdict.WELCOME
    nonce = first.partition('nonce="')[2].partition('"')[0]
    given = DigestInput("MD5", "anna", access.REALM, nonce, "INVITE", URI, "0000000A", "c")
    second = (
        f'Digest username="anna", realm="{access.REALM}", nonce="{nonce}", uri="{URI}", '
        f'response="{digest_response(given, "sesame")}", cnonce="c", nc=0000000A, qop=auth, '
        "algorithm=MD5"
    )
    assert opened.judge("INVITE", [second], FAR, 2.0) is Verdict.WELCOME


def test_nonces_that_were_forgotten_cannot_be_played_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "MAX_NONCES", 2)
    opened = AccessControl(Access(USERS))
    proofs = [proof(opened, float(at)) for at in range(3)]
    for one in proofs:
        assert opened.judge("INVITE", one, FAR, 5.0) is Verdict.WELCOME
    assert opened.judge("INVITE", proofs[0], FAR, 5.0) is Verdict.STALE


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic YW5uYTpzZXNhbWU=",
        "Digest",
        f'Digest realm="{access.REALM}", nonce="..", username="anna", nc=zz, qop=auth',
        f'Digest realm="{access.REALM}", nonce="\x00", username="anna", nc=00000001, qop=auth',
    ],
)
def test_noise_is_no_proof(value: str) -> None:
    opened = AccessControl(Access(USERS))
    assert opened.judge("INVITE", [value], FAR, 1.0) in {Verdict.WHO_ARE_YOU, Verdict.WRONG}


def test_the_response_is_that_of_rfc_7616() -> None:
    """The example of section 3.9.1."""
    for algorithm, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        given = DigestInput(
            algorithm=algorithm,
            user="Mufasa",
            realm="http-auth@example.org",
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            method="GET",
            uri="/dir/index.html",
            nc="00000001",
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
        assert digest_response(given, "Circle of Life") == response
