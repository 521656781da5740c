"""Marks as JUnit XML, read back by the standard library and by junitparser."""

import xml.etree.ElementTree as ElementTree

import junitparser
import pytest

from grader.text import Language
from tests.unit.exports import cohort
from tests.unit.exports.rendering import written

COUNTS = {"tests", "failures", "errors", "skipped", "time"}
# Children and attributes as the schema of Jenkins' xUnit plugin (junit-10.xsd) has them.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "property": set(),
    "testcase": {"properties", "skipped", "error", "failure"},
    "skipped": set(),
    "error": set(),
    "failure": set(),
}
ATTRIBUTES = {
    "testsuites": {"name", *COUNTS},
    "testsuite": {"name", *COUNTS},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "skipped": {"message"},
    "error": {"message"},
    "failure": {"message"},
}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_document_has_the_known_form(language: Language) -> None:
    root = ElementTree.fromstring(written("junit", language=language).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert set(element.attrib) == ATTRIBUTES[element.tag]
    for case in root.iter("testcase"):
        assert len(case.findall("skipped") + case.findall("error") + case.findall("failure")) <= 1


def test_each_mission_is_a_suite_and_counts_its_cases() -> None:
    document = junitparser.JUnitXml.fromstring(written("junit").encode())
    counts = [(suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in document]
    assert counts == [("mission_cnn", 6, 1, 1, 1), ("mission_rnn", 5, 1, 0, 3)]
    recounted = junitparser.JUnitXml.fromstring(written("junit").encode())
    recounted.update_statistics()
    assert [(suite.failures, suite.errors, suite.skipped) for suite in recounted] == [each[2:] for each in counts]
    assert (document.tests, document.failures, document.errors, document.skipped) == (11, 2, 1, 4)


def test_outcome_of_each_kind_of_student() -> None:
    suite = next(iter(junitparser.JUnitXml.fromstring(written("junit").encode())))
    found = {case.name: case.result for case in suite}
    kinds = {name: type(result[0]).__name__ if result else "passed" for name, result in found.items()}
    assert kinds == {
        "20240001 (김민준)": "passed",
        "20240002 (이서연)": "passed",
        '20240003 (O\'Neil, Ann "Annie")': "Skipped",
        "20240004 (박지훈)": "Error",
        "20240005 (Bob Lee)": "passed",
        "final_FINAL(2)": "Failure",
    }
    assert found["20240004 (박지훈)"][0].message == "The grading machine failed"


def test_points_are_properties_of_the_case() -> None:
    suite = next(iter(junitparser.JUnitXml.fromstring(written("junit", marks=[cohort.LATE]).encode())))
    properties = {each.name: each.value for each in next(iter(suite)).child(junitparser.Properties)}
    assert (properties["points"], properties["score"], properties["penalty"]) == ("82", "92", "10")
    assert (properties["days_late"], properties["flags"]) == ("2", "late")


def test_character_that_xml_forbids_is_written_out() -> None:
    text = written("junit", marks=[cohort.mark(cohort.Student(id="a\ufffeb\uffff\x00"))])
    assert next(ElementTree.fromstring(text.encode()).iter("testcase")).get("name") == "a\\ufffeb\\uffff\\x00"
