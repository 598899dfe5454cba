"""The result of a run as text, as JSON and as JUnit's XML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from voicebot.rehearsal.coverage import Coverage
from voicebot.rehearsal.performance import Result
from voicebot.rehearsal.suite import Report
from voicebot.rehearsal.transcript import as_text
from voicebot.types import Json

_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def failure_text(result: Result) -> str:
    """A failed test: what was expected and where, then the conversation."""
    failures = "\n".join(str(failure) for failure in result.failures)
    indented = "\n".join(f"    {line}" for line in as_text(result.transcript).splitlines())
    return f"FAILED {result.test.name}\n{failures}\n{indented}\n"


def summary(report: Report) -> str:
    """One line on the tests, one on coverage."""
    tests = len(report.results)
    passed = f"{tests - len(report.failed)} of {_count(tests, 'test')} passed"
    faults = f", {_count(len(report.problems), 'faulty test')}" if report.problems else ""
    calls = f" for {report.call_seconds:.0f} s of calls" if report.call_seconds else ""
    lines = [f"{passed}{faults} ({report.seconds:.1f} s{calls})."]
    if report.coverage is not None:
        lines.append(coverage_line(report.coverage))
    return "\n".join(lines)


def coverage_line(coverage: Coverage) -> str:
    return (
        f"Coverage {coverage.percent:.0f}%: {coverage.steps_reached} of {coverage.steps} steps, "
        f"{coverage.ways_reached} of {coverage.ways} branches."
    )


def missed_lines(coverage: Coverage) -> Iterator[str]:
    """What was never reached, with its place."""
    return (f"{way.place}: never reached: {way.text}" for way in coverage.missed)


def as_json(report: Report) -> str:
    """The whole report as one JSON object."""
    coverage = report.coverage
    return json.dumps(
        {
            "tests": [_test(result) for result in report.results],
            "problems": [
                {
                    "file": each.file,
                    "line": each.line,
                    "column": each.column,
                    "problem": each.problem,
                    "remedy": each.remedy,
                }
                for each in report.problems
            ],
            "coverage": _coverage(coverage) if coverage is not None else None,
            "counts": {
                "tests": len(report.results),
                "passed": len(report.results) - len(report.failed),
                "failed": len(report.failed),
            },
            "seconds": round(report.seconds, 3),
            "call_seconds": round(report.call_seconds, 1),
        },
        ensure_ascii=False,
        default=str,
    )


def _test(result: Result) -> Json:
    test = result.test
    return {
        "name": test.name,
        "file": test.place.file,
        "line": test.place.line,
        "column": test.place.column,
        "passed": result.passed,
        "outcome": str(result.outcome) if result.outcome is not None else None,
        "seconds": round(result.seconds, 4),
        "failures": [
            {
                "file": each.place.file,
                "line": each.place.line,
                "column": each.place.column,
                "problem": each.problem,
            }
            for each in result.failures
        ],
        "transcript": [{"who": line.who, "text": line.text} for line in result.transcript],
    }


def _coverage(coverage: Coverage) -> Json:
    return {
        "percent": round(coverage.percent, 2),
        "steps": coverage.steps,
        "steps_reached": coverage.steps_reached,
        "branches": coverage.ways,
        "branches_reached": coverage.ways_reached,
        "missed": [
            {
                "file": way.place.file,
                "line": way.place.line,
                "column": way.place.column,
                "flow": way.flow,
                "step": way.step,
                "kind": way.kind,
                "what": way.text,
            }
            for way in coverage.missed
        ],
    }


def as_junit(report: Report) -> str:
    """JUnit's XML: a suite for each file, a case for each test, an error for each faulty test."""
    files: dict[str, ElementTree.Element] = {}
    root = ElementTree.Element("testsuites")

    def suite(file: str) -> ElementTree.Element:
        if file not in files:
            files[file] = ElementTree.SubElement(root, "testsuite", name=_xml(file))
        return files[file]

    for result in report.results:
        test = result.test
        case = _case(suite(test.place.file), test.name, test.place.file, test.place.line)
        case.set("time", f"{result.seconds:.3f}")
        if result.failures:
            failure = ElementTree.SubElement(case, "failure")
            failure.set("message", _xml(str(result.failures[0])))
            failure.text = _xml("\n".join(str(each) for each in result.failures))
            told = ElementTree.SubElement(case, "system-out")
            told.text = _xml(as_text(result.transcript))
    for problem in report.problems:
        case = _case(suite(problem.file), f"line {problem.line}", problem.file, problem.line)
        ElementTree.SubElement(case, "error", message=_xml(str(problem)))
    for element in files.values():
        cases = element.findall("testcase")
        element.set("tests", str(len(cases)))
        for what in ("failure", "error"):
            element.set(f"{what}s", str(sum(case.find(what) is not None for case in cases)))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(suite: ElementTree.Element, name: str, file: str, line: int) -> ElementTree.Element:
    case = ElementTree.SubElement(suite, "testcase", name=_xml(name), classname=_xml(file))
    case.set("file", _xml(file))
    case.set("line", str(line))
    return case


def _xml(text: str) -> str:
    """Characters that XML 1.0 cannot hold become '?'."""
    return _NOT_IN_XML.sub("?", text)


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
