"""The report as JSON, and its published schema."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from grader.reports.json import render_json, report_schema, schema_document
from grader.results import SubmissionInfo
from grader.text import Language
from tests.unit.reports import samples

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "report.schema.json"


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str = "$") -> list[str]:
    """What of `value` the schema refuses; knows the keywords that our schema uses, and stops at any other."""
    known = {"$defs", "$schema", "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum"}
    known |= {
        "format",
        "items",
        "maxItems",
        "minItems",
        "pattern",
        "prefixItems",
        "properties",
        "required",
        "title",
        "type",
    }
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        return problems(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, where)
    if "anyOf" in schema:
        options = [problems(value, option, root, where) for option in schema["anyOf"]]
        return [] if [] in options else options[0]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    kinds |= {"number": (int, float), "integer": int}  # type: ignore[dict-item]
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [f"{where}: not {schema['type']}"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{where}: not {schema['pattern']}"]
    if "const" in schema and value != schema["const"]:
        return [f"{where}: not {schema['const']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: not one of {schema['enum']}"]
    found: list[str] = []
    if isinstance(value, dict):
        found += [f"{where}.{name}: missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
            if inner is False:
                found.append(f"{where}.{name}: unknown")
            elif isinstance(inner, dict):
                found += problems(item, inner, root, f"{where}.{name}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            prefix = schema.get("prefixItems", [])
            inner = prefix[index] if index < len(prefix) else schema.get("items", {})
            found += problems(item, inner, root, f"{where}[{index}]")
    return found


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "make", [samples.report, samples.failed_report, samples.not_graded_report, samples.full_report]
)
def test_rendered_report_fits_the_schema(make: Any, language: Language) -> None:
    schema = report_schema()
    assert problems(json.loads(render_json(make(), language)), schema, schema) == []


def test_schema_refuses_a_report_with_both_languages() -> None:
    schema = report_schema()
    document = json.loads(render_json(samples.report(), "en"))
    document["mission"]["title"] = {"en": "a", "ko": "b"}
    assert problems(document, schema, schema) == ["$.mission.title: not string"]


def test_pictures_of_the_public_share_are_png_files() -> None:
    share = json.loads(render_json(samples.full_report(), "ko"))["metrics"]["public_share"]
    assert (share["images"], share["wrong"], len(share["mistakes"])) == (500, 37, 3)
    for mistake in share["mistakes"]:
        assert base64.b64decode(mistake["image"], validate=True).startswith(b"\x89PNG\r\n")


def test_published_schema_is_current() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_document(), (
        'run: python -c "from grader.reports.json import schema_document; print(schema_document(), end=str())"'
        " > docs/report.schema.json"
    )


@pytest.mark.parametrize(("language", "title"), [("en", "Build your own CNN"), ("ko", "손글씨 숫자를 분류하는 CNN")])
def test_sentences_are_in_the_chosen_language_only(language: Language, title: str) -> None:
    document = json.loads(render_json(samples.report(), language))
    assert document["language"] == language
    assert document["mission"]["title"].startswith(title)
    assert isinstance(document["criteria"][1]["hint"], str)


def test_steering_characters_are_escaped_and_come_back_whole() -> None:
    name = "a\x1b[2J\u202eb\x9b\u2028\x7f"
    text = render_json(samples.report(submission=SubmissionInfo(name=name, sha256=None)), "en")
    assert not set(name) & set(text) - set("ab[2J")
    assert json.loads(text)["submission"]["name"] == name
