"""``voicebot grammar``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from voicebot.cli.grammar import app
from voicebot.errors import UsageError

GRAMMAR = (
    "#ABNF 1.0 UTF-8;\nlanguage en-US; root $main; tag-format <semantics/1.0>;\n"
    "public $main = call $name {out = rules.name} | fail {nope()};\n"
    "public $name = ann | bob {out = 'Robert'};\n"
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "call.gram"
    path.write_text(GRAMMAR, encoding="utf-8")
    return str(path)


def _run(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, json.loads(result.stdout) if "--json" in arguments else result.output


def test_parse_prints_match_semantics_and_tree(file: str) -> None:
    assert _run("parse", file, "--text", "Call Bob!", "--json") == (
        0,
        {
            "match": True,
            "semantics": "Robert",
            "tree": '$main["call",$name["bob",{!{out = \'Robert\'}!}],{!{out = rules.name}!}]',
        },
    )
    code, output = _run("parse", file, "--text", "call ann")
    assert (code, '"ann"' in output) == (0, True)


def test_parse_exits_1_without_a_match(file: str) -> None:
    code, output = _run("parse", file, "--text", "call carl", "--json")
    assert (code, output) == (1, {"match": False, "semantics": None, "tree": None})
    assert _run("parse", file, "--text", "call carl")[0] == 1


def test_parse_enters_by_another_rule(file: str) -> None:
    assert _run("parse", file, "--rule", "name", "--text", "ann", "--json")[1]["match"] is True


def test_parse_tells_of_a_failing_tag(file: str) -> None:
    code, output = _run("parse", file, "--text", "fail", "--json")
    assert (code, output["match"], output["semantics"]) == (1, True, None)
    assert f"{file}:3:53: this tag failed" in output["error"]


def test_parse_reads_the_text_for_a_dtmf_grammar_as_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.gram"
    path.write_text('#ABNF 1.0;\nmode dtmf; root $a;\n$a = 1 "#";\n', encoding="utf-8")
    for arguments in (("--text", "1 #"), ("--keys", "1#")):
        assert _run("parse", str(path), *arguments, "--json")[1]["tree"] == '$a["1","#"]'


def test_samples_match_again(file: str) -> None:
    code, sentences = _run("sample", file, "-n", "20", "--seed", "7", "--json")
    assert (code, len(sentences)) == (0, 20)
    assert {"call ann", "call bob", "fail"} == set(sentences)
    assert _run("sample", file, "-n", "20", "--seed", "7")[1].split("\n")[:-1] == sentences


def test_every_alternative_is_sampled_once(file: str) -> None:
    code, sentences = _run("sample", file, "--every", "--json")
    assert (code, sorted(sentences)) == (0, ["call ann", "call bob", "fail"])
    assert len(_run("sample", file, "--every", "-n", "2", "--json")[1]) == 2


def test_check_runs_the_tags(file: str) -> None:
    code, output = _run("check", file)
    assert (code, f"{file}:3:53: this tag failed" in output) == (1, True)


def test_check_names_every_bad_file(file: str, tmp_path: Path) -> None:
    Path(file).write_text(GRAMMAR.replace("nope()", "out = 1"), encoding="utf-8")
    assert _run("check", file)[0] == 0
    bad = tmp_path / "bad.gram"
    bad.write_text(GRAMMAR.replace("= ann", "= $ann"), encoding="utf-8")
    code, problems = _run("check", file, str(bad), str(tmp_path / "none.gram"), "--json")
    assert code == 1
    assert [(item["line"], item["column"]) for item in problems] == [(4, 16), (0, 0)]
    assert {item["severity"] for item in problems} == {"problem"}
    assert f"{bad}:4:16: there is no rule $ann" in _run("check", str(bad))[1]


def test_advice_does_not_make_the_check_fail(tmp_path: Path) -> None:
    path = tmp_path / "advice.gram"
    path.write_text(
        "#ABNF 1.0;\nlanguage en-US; root $a;\n$a = pat<1-> | bat | pat {x};\n$b = c;\n",
        encoding="utf-8",
    )
    code, findings = _run("check", str(path), "--json")
    assert code == 1, "'pat' means itself and x"
    path.write_text(path.read_text(encoding="utf-8").replace("| pat {x}", ""), encoding="utf-8")
    code, findings = _run("check", str(path), "--json")
    assert (code, {finding["severity"] for finding in findings}) == (0, {"advice"})
    assert [finding["line"] for finding in findings] == [3, 3, 4]
    assert f"{path}:4:1: nothing leads to the rule $b" in _run("check", str(path))[1]
    assert "(advice)\n1 grammar, nothing wrong" in _run("check", str(path))[1]


XML = (
    '<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" xml:lang="en" root="a">'
    '<rule id="a">call <ruleref uri="http://example.com/names.gram#name"/></rule></grammar>'
)


def test_parse_reads_xml_and_takes_files_for_what_lies_elsewhere(file: str) -> None:
    path = Path(file).with_name("call.grxml")
    path.write_text(XML, encoding="utf-8")
    arguments = ("parse", str(path), "--text", "call bob", "--json")
    result = CliRunner().invoke(app, list(arguments))
    assert (result.exit_code, "not fetched from a network" in str(result.exception)) == (1, True)
    code, output = _run(*arguments, "--external", f"http://example.com/names.gram={file}")
    assert (code, output["semantics"]) == (0, "Robert")


@pytest.mark.parametrize("option", ["names.gram", "=names.gram", "names="])
def test_external_wants_a_reference_and_a_file(file: str, option: str) -> None:
    result = CliRunner().invoke(app, ["parse", file, "--text", "x", "--external", option])
    assert isinstance(result.exception, UsageError)
