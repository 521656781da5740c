"""Results as JUnit XML, the form that CI systems read."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable

from grader.reports.escape import inert
from grader.text import Language
from grader.verification.judgement import Result


def render_junit(results: Iterable[Result], language: Language) -> str:
    """One test suite per mission, one test case per case; what the machine failed at is an error, not a failure."""
    root = ElementTree.Element("testsuites", name="grade verify")
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(result.case.mission.id, []).append(result)
    for mission_id, members in suites.items():
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=mission_id,
            tests=str(len(members)),
            failures=str(sum(not result.ok and not result.machine_failed for result in members)),
            errors=str(sum(result.machine_failed for result in members)),
            time=f"{sum(result.seconds for result in members):.2f}",
        )
        for result in members:
            _add(suite, result, language)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, result: Result, language: Language) -> None:
    name = result.case.name if result.case.seed == 0 else f"{result.case.name} (seed {result.case.seed})"
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"{result.case.mission.id}.{result.case.kind.value}",
        name=name,
        time=f"{result.seconds:.2f}",
    )
    if result.ok:
        return
    lines = [inert(problem.in_language(language), lines=False) for problem in result.problems]
    tag = "error" if result.machine_failed else "failure"
    ElementTree.SubElement(case, tag, message=lines[0]).text = "\n".join(lines)
