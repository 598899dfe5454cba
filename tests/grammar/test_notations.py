"""The three notations together: how a file is told, references across, files of a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.matcher import best_match
from voicebot.grammar.readers import read_grammar
from voicebot.grammar.references import join
from voicebot.grammar.store import GrammarStore, load_file
from voicebot.grammar.words import word_lattice

ABNF = "#ABNF 1.0;\nlanguage en;\nroot $a;\npublic $a = abnf{tail};\n"
XML = (
    '<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" xml:lang="en" root="a">'
    '<rule id="a" scope="public">xml{tail}</rule></grammar>'
)
JSGF = "#JSGF V1.0;\ngrammar g;\npublic <a> = jsgf{tail};\n"
DOCUMENTS = {"g.gram": ABNF, "g.grxml": XML, "g.jsgf": JSGF}


@pytest.mark.parametrize("name", ["a.gram", "a.grxml", "a.xml", "a.jsgf", "a.txt"])
@pytest.mark.parametrize("text", [ABNF, XML, "\n <!-- a -->" + XML, JSGF])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_what_a_document_says_of_itself_chooses_the_reader(
    name: str, text: str, encoding: str
) -> None:
    assert read_grammar(name, text.replace("{tail}", "").encode(encoding)).rules[0].name == "a"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("a.gram", "no ABNF grammar"), ("a.grxml", "no well-formed XML"), ("a.JSGF", "no JSGF")],
)
def test_the_file_name_chooses_where_the_document_says_nothing(name: str, problem: str) -> None:
    with pytest.raises(GrammarError, match=problem):
        read_grammar(name, b"hello")


@pytest.mark.parametrize("target", list(DOCUMENTS))
@pytest.mark.parametrize(
    ("name", "text", "reference"),
    [
        ("m.gram", ABNF, " $<{target}#a>"),
        ("m.grxml", XML, ' <ruleref uri="{target}#a"/>'),
        ("m.jsgf", JSGF, " <g.a>"),
    ],
)
def test_references_lead_from_any_notation_to_any(
    tmp_path: Path, target: str, name: str, text: str, reference: str
) -> None:
    (tmp_path / target).write_text(DOCUMENTS[target].replace("{tail}", ""))
    tail = reference.replace("{target}", target)
    (tmp_path / name).write_text(
        text.replace("{tail}", tail).replace("grammar g;", "grammar main;")
    )
    words = {"m.gram": "abnf", "m.grxml": "xml", "m.jsgf": "jsgf"}[name]
    inner = {"g.gram": "abnf", "g.grxml": "xml", "g.jsgf": "jsgf"}[target]
    found = best_match(load_file(tmp_path / name), word_lattice([words, inner], "en"))
    assert found is not None
    label = "<g.a>" if name == "m.jsgf" else f"<{target}#a>"
    assert str(found[0]) == f'$a["{words}",${label}["{inner}"]]'


TYPES = [
    ("g.gram", "application/srgs", True),
    ("g.gram", "Application/SRGS; charset=utf-8", True),
    ("g.gram", "application/srgs+xml", False),
    ("g.grxml", "application/srgs+xml", True),
    ("g.grxml", "application/srgs", False),
    ("g.jsgf", "application/x-jsgf", True),
    ("g.jsgf", "text/plain", False),
    ("g.jsgf", "", False),
]


@pytest.mark.parametrize(("target", "media_type", "fits"), TYPES)
@pytest.mark.parametrize("name", ["m.gram", "m.grxml"])
def test_a_stated_type_must_fit(
    tmp_path: Path, name: str, target: str, media_type: str, fits: bool
) -> None:
    (tmp_path / target).write_text(DOCUMENTS[target].replace("{tail}", ""))
    if name == "m.gram":
        text = ABNF.replace("{tail}", f" $<{target}#a>~<{media_type}>")
    else:
        text = XML.replace("{tail}", f'<ruleref uri="{target}#a" type="{media_type}"/>')
    (tmp_path / name).write_text(text)
    if fits or (name == "m.grxml" and not media_type):
        assert load_file(tmp_path / name).rules
        return
    with pytest.raises(GrammarError, match=r"is application/.*, not "):
        load_file(tmp_path / name)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "http://10.0.0.1/x.gram",
        "https://example.com/x.grxml",
        "ftp://127.0.0.1/x",
        "//169.254.169.254/latest",
        "data:,x",
        "../outside.gram",
        "%2e%2e/outside.gram",
        "/etc/passwd",
        "sub/../../outside.gram",
        "link.gram",
        "pipe.gram",
        "sub",
        "x%00.gram",
        "x" * 5000,
    ],
)
@pytest.mark.parametrize("name", ["m.gram", "m.grxml"])
def test_references_stay_in_the_folder(tmp_path: Path, name: str, uri: str) -> None:
    outside = tmp_path / "outside.gram"
    outside.write_text(ABNF.replace("{tail}", ""))
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "link.gram").symlink_to(outside)
    os.mkfifo(folder / "pipe.gram")
    tail = {"m.gram": f" $<{uri}#a>", "m.grxml": f'<ruleref uri="{uri}#a"/>'}[name]
    (folder / name).write_text({"m.gram": ABNF, "m.grxml": XML}[name].replace("{tail}", tail))
    with pytest.raises(GrammarError, match=r"m\.\w+:\d+:\d+: cannot load") as caught:
        load_file(folder / name)
    assert "root:" not in str(caught.value)


def test_a_folder_may_mix_notations(tmp_path: Path) -> None:
    for index, (name, text) in enumerate(DOCUMENTS.items()):
        path = tmp_path / f"{'xyz'[index]}{Path(name).suffix}"
        path.write_text(text.replace("{tail}", ""))
    store = GrammarStore(tmp_path)
    assert store.names() == ("x", "y", "z")
    active = store.active(["x", "y", "z"])
    for word, name in (("abnf", "x"), ("xml", "y"), ("jsgf", "z")):
        match = active.match_words([word])
        assert match is not None
        assert match.grammar == name


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for name, text in DOCUMENTS.items():
        (tmp_path / name).write_text(text.replace("{tail}", ""))
    store = GrammarStore(tmp_path)
    assert store.names() == ("g",)
    with pytest.raises(GrammarError, match=r"g\.grxml has the same name"):
        store.load("g")


def test_externals_stand_for_what_a_folder_lacks(tmp_path: Path) -> None:
    other = tmp_path / "other" / "names.gram"
    other.parent.mkdir()
    other.write_text(ABNF.replace("{tail}", ""))
    main = tmp_path / "main" / "m.grxml"
    main.parent.mkdir()
    main.write_text(XML.replace("{tail}", '<ruleref uri="http://example.com/names.gram#a"/>'))
    with pytest.raises(GrammarError, match="not fetched from a network"):
        load_file(main)
    grammar = load_file(main, externals={"http://example.com/names.gram": other})
    found = best_match(grammar, word_lattice(["xml", "abnf"], "en"))
    assert str(found and found[0]) == '$a["xml",$<http://example.com/names.gram#a>["abnf"]]'


@pytest.mark.parametrize(
    ("base", "uri", "joined"),
    [
        ("", "x.gram", "x.gram"),
        ("./test/", "x.gram", "./test/x.gram"),
        ("./test/main.gram", "x.gram", "./test/x.gram"),
        ("./test/", "/x.gram", "/x.gram"),
        ("./test/", "http://a/x", "http://a/x"),
        ("http://a/b/c", "x.gram", "http://a/b/x.gram"),
        ("http://a/b/", "../x.gram", "http://a/x.gram"),
        ("http://[", "x.gram", "x.gram"),
        ("urn:a", "x.gram", "x.gram"),
    ],
)
def test_bases_join_references(base: str, uri: str, joined: str) -> None:
    assert join(base, uri) == joined
