"""Messages after the descriptions of RFC 4475, 'SIP Torture Test Messages', by its names.

The RFC's text is not copied: each message is written anew, with the property that the RFC's message
of that name was made for. ``port`` is where the sender listens, so that answers find it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

SDP: Final = (
    "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n"
)
SILENCE: Final = 0
"""The message is not to be answered."""

Head: TypeAlias = Mapping[str, str | None]
_NO_CHANGE: Final[Head] = {}


@dataclass(frozen=True)
class Torture:
    """One message; ``status`` is the final answer that this server gives, which is one of those
    that the RFC lets it give. ``section`` is that of the RFC."""

    name: str
    section: str
    status: int
    build: Callable[[int], bytes]


TORTURES: list[Torture] = []
Builder: TypeAlias = Callable[[int], bytes]


def torture(section: str, status: int) -> Callable[[Builder], Builder]:
    def register(build: Builder) -> Builder:
        TORTURES.append(Torture(build.__name__, section, status, build))
        return build

    return register


def request(
    name: str,
    port: int,
    line: str = "OPTIONS sip:user@example.com SIP/2.0",
    change: Head = _NO_CHANGE,
    *,
    more: str = "",
    body: bytes | str = b"",
) -> bytes:
    """A plain request; ``change`` replaces headers or, by None, leaves them out, ``more`` is put in
    front of the body as it is."""
    content = body.encode() if isinstance(body, str) else body
    method = line.split()[0]
    headers: dict[str, str | None] = {
        "Via": f"SIP/2.0/UDP host5.example.net:{port};branch=z9hG4bK{name}",
        "Max-Forwards": "70",
        "From": f"<sip:caller@example.net>;tag={name}",
        "To": "<sip:user@example.com>",
        "Call-ID": f"{name}.0ha0isndaksdj@192.0.2.1",
        "CSeq": f"8 {method}",
        "Content-Length": str(len(content)),
        **change,
    }
    lines = [line, *(f"{key}: {value}" for key, value in headers.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n" + more + "\r\n").encode() + content


def invite(
    name: str,
    port: int,
    line: str = "INVITE sip:user@example.com SIP/2.0",
    change: Head = _NO_CHANGE,
    *,
    more: str = "",
) -> bytes:
    headers = {
        "Contact": "<sip:caller@host5.example.net>",
        "Content-Type": "application/sdp",
        **change,
    }
    return request(name, port, line, headers, more=more, body=SDP)


def register(name: str, port: int, change: Head = _NO_CHANGE) -> bytes:
    return request(name, port, "REGISTER sip:example.com SIP/2.0", change)


# 3.1.1 Valid messages


@torture("3.1.1.1", 481)
def wsinv(port: int) -> bytes:
    """Folded lines, blanks around every separator, short and long header names, odd cases; the To
    has a tag, so it is of a call that is not here."""
    head = (
        "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
        "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
        'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n'
        "  tag = 98asjd8\r\n"
        "MaX-fOrWaRdS: 0068\r\n"
        "Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
        f"Content-Length   : {len(SDP)}\r\n"
        "cseq: 0009\r\n  INVITE\r\n"
        f"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2:{port};branch=390skdjuw\r\n"
        "s :\r\n"
        "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
        "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
        "Content-Type: application/sdp\r\n"
        "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
        "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
        " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
        'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n'
        "      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n"
    )
    return (head + SDP).encode()


@torture("3.1.1.2", 405)
def intmeth(port: int) -> bytes:
    """Every character that may stand in a method, user part, display name and parameter."""
    method = "!interesting-Method0123456789_*+`.%indeed'~"
    uri = (
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
        "(doesn't-it)@example.com"
    )
    change = {
        "To": f'"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <{uri}>',
        "From": "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
        ";fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.",
        "extensionHeader-!.%*+_`'~": "\ufeff大停電",
    }
    return request("intmeth", port, f"{method} {uri} SIP/2.0", change)


@torture("3.1.1.3", 200)
def esc01(port: int) -> bytes:
    """A user part that looks like another URI when its escapes are taken away."""
    change = {
        "To": "sip:%75se%72@example.com",
        "From": "<sip:I%20have%20spaces@example.net>;tag=938",
        "Contact": "<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",
    }
    return invite("esc01", port, "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0", change)


@torture("3.1.1.4", 405)
def escnull(port: int) -> bytes:
    """Escaped NULs in addresses; a registrar could tell them apart, this server is none."""
    more = "Contact: <sip:%00@host5.example.com>\r\nContact: <sip:%00%00@host5.example.com>\r\n"
    change = {"To": "sip:null-%00-null@example.com", "From": "sip:null-%00-null@example.com;tag=8"}
    return request("escnull", port, "REGISTER sip:example.com SIP/2.0", change, more=more)


@torture("3.1.1.5", 405)
def esc02(port: int) -> bytes:
    """A method with percent signs, which are no escapes there: it is not REGISTER."""
    return request("esc02", port, "RE%47IST%45R sip:registrar.example.com SIP/2.0")


@torture("3.1.1.6", 200)
def lwsdisp(port: int) -> bytes:
    """No blank between display name and bracket."""
    return request("lwsdisp", port, change={"From": "caller<sip:caller@example.com>;tag=323"})


@torture("3.1.1.7", 481)
def longreq(port: int) -> bytes:
    """Long values wherever one may stand, of a call that is not here."""
    long = "long" * 50
    more = "".join(
        f"Via: SIP/2.0/TCP sip{n}.example.com;{long}param={long}value\r\n" for n in range(8)
    )
    change = {
        "To": f'"I have a user name of {"extreme" * 20}" <sip:user@example.com:6000;'
        f"unknownparam1={'very' * 20}longvalue;{long}parameter-name=shortvalue>;tag=there",
        "F": f"sip:amazinglylongcallername{long}@example.net;tag=12982982982982{long}424"
        f";unknownheaderparam{long}name=value",
        "From": None,
        f"Unknown-{long}-Header": f"unknown-{long}-value; unknown-{long}-parameter-name = value",
        "Call-ID": f"longreq.one{'really' * 40}longcallid",
        "Contact": f"<sip:{long}user@host5.example.net>",
    }
    return invite("longreq", port, change=change, more=more)


@torture("3.1.1.8", 405)
def dblreq(port: int) -> bytes:
    """A second request behind the first one in one datagram: nobody may act on it."""
    return register("dblreq", port) + invite("dblreq-second", port)


@torture("3.1.1.9", 200)
def semiuri(port: int) -> bytes:
    """A semicolon in the user part, which begins no parameter."""
    uri = "sip:user;par=u%40example.net@example.com"
    return request("semiuri", port, f"OPTIONS {uri} SIP/2.0", {"To": uri})


@torture("3.1.1.10", 200)
def transports(port: int) -> bytes:
    """Vias of all transports, an unknown one too."""
    more = "".join(
        f"Via: SIP/2.0/{name} t{n}.example.com;branch=z9hG4bK{n}\r\n"
        for n, name in enumerate(("SCTP", "TLS", "UNKNOWN", "TCP"))
    )
    return request("transports", port, more=more)


@torture("3.1.1.11", 405)
def mpart01(port: int) -> bytes:
    """A body of two parts, one of them binary."""
    binary = b"0\x82\x01R\x06\x09*\x86H\x86\xf7"
    body = b"--7a9\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    body += b"--7a9\r\n\r\n" + binary + b"\r\n--7a9--\r\n"
    change = {"Content-Type": "multipart/mixed;boundary=7a9"}
    line = "MESSAGE sip:kumiko@example.org SIP/2.0"
    return request("mpart01", port, line, change, body=body)


def _answer(name: str, port: int, line: str, change: Head = _NO_CHANGE) -> bytes:
    return request(name, port, line, {"CSeq": "35 INVITE", "To": "<sip:u@b>;tag=3", **change})


@torture("3.1.1.12", SILENCE)
def unreason(port: int) -> bytes:
    """A response whose reason is not ASCII."""
    return _answer("unreason", port, "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое")


@torture("3.1.1.13", SILENCE)
def noreason(port: int) -> bytes:
    """A response with an empty reason."""
    return _answer("noreason", port, "SIP/2.0 100 ")


# 3.1.2 Invalid messages


@torture("3.1.2.1", 400)
def badinv01(port: int) -> bytes:
    """Separators too many in Via and Contact."""
    change = {
        "Via": f"SIP/2.0/UDP 192.0.2.15:{port};;,;,,",
        "Contact": '"Joe" <sip:joe@example.org>;;;;',
    }
    return invite("badinv01", port, change=change)


@torture("3.1.2.2", 400)
def clerr(port: int) -> bytes:
    """The body is shorter than it says."""
    return invite("clerr", port, change={"Content-Length": "9999"})


@torture("3.1.2.3", 400)
def ncl(port: int) -> bytes:
    """A length below nothing."""
    return invite("ncl", port, change={"Content-Length": "-999"})


@torture("3.1.2.4", 400)
def scalar02(port: int) -> bytes:
    """Numbers that no integer of a receiver holds."""
    change = {
        "CSeq": "36893488147419103232 REGISTER",
        "Max-Forwards": "300",
        "Expires": "10000000000000000000000000",
        "Contact": "<sip:user@host129.example.com>;expires=280297596632815",
    }
    return register("scalar02", port, change)


@torture("3.1.2.5", SILENCE)
def scalarlg(port: int) -> bytes:
    """The same in a response."""
    change = {
        "CSeq": "9292394834772304023312 OPTIONS",
        "Retry-After": "949302838503028349304023988",
        "Warning": '1812 overture "In Progress"',
    }
    return _answer("scalarlg", port, "SIP/2.0 503 Service Unavailable", change)


@torture("3.1.2.6", 400)
def quotbal(port: int) -> bytes:
    """A quote without end."""
    return invite("quotbal", port, change={"To": '"Mr. J. User <sip:j.user@example.com>'})


@torture("3.1.2.7", 400)
def ltgtruri(port: int) -> bytes:
    """The Request-URI in brackets."""
    return invite("ltgtruri", port, "INVITE <sip:user@example.com> SIP/2.0")


@torture("3.1.2.8", 400)
def lwsruri(port: int) -> bytes:
    """A blank in the Request-URI."""
    return invite("lwsruri", port, "INVITE sip:user@example.com; lr SIP/2.0")


@torture("3.1.2.9", 400)
def lwsstart(port: int) -> bytes:
    """Two blanks where one belongs."""
    return invite("lwsstart", port, "INVITE  sip:user@example.com  SIP/2.0")


@torture("3.1.2.10", 400)
def trws(port: int) -> bytes:
    """Blanks behind the version."""
    return request("trws", port, "OPTIONS sip:remote-target@example.com SIP/2.0  ")


@torture("3.1.2.11", 400)
def escruri(port: int) -> bytes:
    """Headers in the Request-URI."""
    line = "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0"
    return invite("escruri", port, line)


@torture("3.1.2.12", 200)
def baddate(port: int) -> bytes:
    """A date in another zone than GMT; it is of no concern to us."""
    return invite("baddate", port, change={"Date": "Fri, 01 Jan 2010 16:00:00 EST"})


@torture("3.1.2.13", 400)
def regbadct(port: int) -> bytes:
    """A Contact with headers of its URI, and no brackets to tell whose they are."""
    contact = "sip:user@example.com?Route=%3Csip:sip.example.com%3E"
    return register("regbadct", port, {"Contact": contact})


@torture("3.1.2.14", 200)
def badaspec(port: int) -> bytes:
    """Blanks inside the brackets, which nobody can misunderstand."""
    return request("badaspec", port, change={"To": '"Watson, T" < sip:t.watson@example.org >'})


@torture("3.1.2.15", 200)
def baddn(port: int) -> bytes:
    """A display name that should have been quoted, as many phones send it."""
    change = {"From": "Bell, Alexander <sip:a.g.bell@example.com>;tag=43"}
    return request("baddn", port, change=change)


@torture("3.1.2.16", 505)
def badvers(port: int) -> bytes:
    """SIP of the far future."""
    return request("badvers", port, "OPTIONS sip:t.watson@example.org SIP/7.0")


@torture("3.1.2.17", 400)
def mismatch01(port: int) -> bytes:
    """The CSeq has another method."""
    return request("mismatch01", port, change={"CSeq": "8 INVITE"})


@torture("3.1.2.18", 400)
def mismatch02(port: int) -> bytes:
    """The same with a method that nobody knows."""
    line = "NEWMETHOD sip:user@example.com SIP/2.0"
    return request("mismatch02", port, line, {"CSeq": "8 INVITE"})


@torture("3.1.2.19", SILENCE)
def bigcode(port: int) -> bytes:
    """A status beyond 32 bits."""
    return _answer("bigcode", port, "SIP/2.0 4294967301 better not break the receiver")


# 3.2 Transaction layer


@torture("3.2.1", 200)
def badbranch(port: int) -> bytes:
    """A branch of the magic cookie alone, which identifies nothing."""
    via = f"SIP/2.0/UDP 192.0.2.1:{port};branch=z9hG4bK"
    return request("badbranch", port, change={"Via": via})


# 3.3 Application layer


@torture("3.3.1", 400)
def insuf(port: int) -> bytes:
    """No Call-ID, From or To."""
    return invite("insuf", port, change={"Call-ID": None, "From": None, "To": None})


@torture("3.3.2", 416)
def unkscm(port: int) -> bytes:
    """A Request-URI of a scheme that nobody knows."""
    return request("unkscm", port, "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0")


@torture("3.3.3", 416)
def novelsc(port: int) -> bytes:
    """One of a scheme that is known and not SIP's."""
    return request("novelsc", port, "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0")


@torture("3.3.4", 405)
def unksm2(port: int) -> bytes:
    """Unknown schemes in To and From; this server is no registrar anyway."""
    change = {
        "To": "isbn:2983792873",
        "From": "<http://www.example.com>;tag=3234233",
        "Contact": "<name:John_Smith>",
    }
    return register("unksm2", port, change)


@torture("3.3.5", 420)
def bext01(port: int) -> bytes:
    """Extensions demanded that are not there."""
    change = {
        "Require": "nothingSupportsThis, nothingSupportsThisEither",
        "Proxy-Require": "noProxiesSupportThis, norDoAnyProxiesSupportThis",
    }
    return request("bext01", port, change=change)


@torture("3.3.6", 415)
def invut(port: int) -> bytes:
    """A body of a kind that nobody knows."""
    return invite("invut", port, change={"Content-Type": "application/unknownformat"})


@torture("3.3.7", 405)
def regaut01(port: int) -> bytes:
    """Credentials of an unknown scheme."""
    credentials = "NoOneKnowsThisScheme opaque-data=here"
    return register("regaut01", port, {"Authorization": credentials})


@torture("3.3.8", 400)
def multi01(port: int) -> bytes:
    """Two of each header that there may be one of."""
    more = (
        "CSeq: 59 INVITE\r\nCall-ID: multi01.second\r\nFrom: <sip:other@example.net>;tag=34\r\n"
        "To: <sip:second@example.com>\r\nMax-Forwards: 5\r\nContact: <sip:c@host5.example.net>\r\n"
    )
    return invite("multi01", port, more=more)


@torture("3.3.9", 400)
def mcl01(port: int) -> bytes:
    """Two lengths."""
    return request("mcl01", port, more="Content-Length: 5\r\n", body="There's no way to know.")


@torture("3.3.10", SILENCE)
def bcast(port: int) -> bytes:
    """A response to a request that some other sender broadcast."""
    via = f"SIP/2.0/UDP 192.0.2.198:{port};branch=z9hG4bK1324923"
    more = "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\r\n"
    change = {"Via": via, "CSeq": "35 INVITE", "To": "<sip:u@b>;tag=3"}
    return request("bcast", port, "SIP/2.0 200 OK", change, more=more)


@torture("3.3.11", 200)
def zeromf(port: int) -> bytes:
    """No hop left, and none is needed: we are the one that was meant."""
    return request("zeromf", port, change={"Max-Forwards": "0"})


@torture("3.3.12", 405)
def cparam01(port: int) -> bytes:
    """A Contact's own parameter."""
    contact = "sip:+19725552222@gw1.example.net;unknownparam"
    return register("cparam01", port, {"Contact": contact})


@torture("3.3.13", 405)
def cparam02(port: int) -> bytes:
    """A parameter of the URI in the Contact."""
    contact = "<sip:+19725552222@gw1.example.net;unknownparam>"
    return register("cparam02", port, {"Contact": contact})


@torture("3.3.14", 405)
def regescrt(port: int) -> bytes:
    """Headers of the URI in the Contact, this time in brackets."""
    contact = "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"
    return register("regescrt", port, {"Contact": contact})


@torture("3.3.15", 406)
def sdp01(port: int) -> bytes:
    """An INVITE whose sender would not take a session description for an answer."""
    return invite("sdp01", port, change={"Accept": "text/nobodyKnowsThis"})


# 3.4 Backward compatibility


@torture("3.4.1", 200)
def inv2543(port: int) -> bytes:
    """A caller of RFC 2543's time: no branch, no tag."""
    change = {
        "Via": f"SIP/2.0/UDP iftgw.example.com:{port}",
        "Record-Route": "<sip:UserB@example.com;maddr=ss1.example.com>",
        "From": "<sip:+13035551111@ift.client.example.net;user=phone>",
        "Max-Forwards": None,
        "Contact": "<sip:+13035551111@ift.client.example.net;user=phone>",
        "CSeq": "56 INVITE",
    }
    return invite("inv2543", port, "INVITE sip:UserB@example.com SIP/2.0", change)
