"""The report as JSON, in one language, and the schema that `docs/report.schema.json` publishes."""

import json
import re
from typing import Any

from grader.results import SCHEMA_VERSION, Report
from grader.text import Language

_STEERING = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BOTH_LANGUAGES = {"additionalProperties": {"type": "string"}, "type": "object"}


def render_json(report: Report, language: Language) -> str:
    """The whole report, sentences in `language`, indented, ending in a line break.

    Nothing is lost: characters that could steer a terminal or a reader's eye are written as JSON escapes, so
    the text may be printed as it is.

    Args:
        report: its strings may be a student's.
        language: which of each pair of sentences is kept.
    """
    document = report.model_dump(mode="json", context={"language": language})
    text = json.dumps({"language": language, **document}, ensure_ascii=False, allow_nan=False, indent=2)
    return escape_steering(text) + "\n"


def escape_steering(json_text: str) -> str:
    """The same JSON value with each character that could steer a terminal or a reader's eye as a JSON escape.

    Args:
        json_text: as `json.dumps` writes it, with characters of all scripts left as they are.
    """
    return _STEERING.sub(_escaped, json_text)


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `render_json` gives."""
    schema = Report.model_json_schema(mode="serialization")
    schema = _texts_as_strings(schema)
    schema["properties"] = {
        "language": {"enum": ["en", "ko"], "title": "Language", "type": "string"},
        **schema["properties"],
    }
    schema["properties"]["schema_version"] = {
        "const": SCHEMA_VERSION,
        "title": "Schema Version",
        "type": "string",
    }
    schema["required"] = ["language", *schema["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_document() -> str:
    """The schema as the text of the published file."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def _texts_as_strings(value: Any) -> Any:
    """The schema with each sentence that may be in both languages narrowed to the one string that is written."""
    if isinstance(value, list):
        return [_texts_as_strings(item) for item in value]
    if not isinstance(value, dict):
        return value
    choices = value.get("anyOf")
    if choices and _BOTH_LANGUAGES in choices:
        kept = [choice for choice in choices if choice != _BOTH_LANGUAGES]
        rest = {key: item for key, item in value.items() if key != "anyOf"}
        return {**rest, **kept[0]} if len(kept) == 1 else {**rest, "anyOf": kept}
    return {key: _texts_as_strings(item) for key, item in value.items()}
