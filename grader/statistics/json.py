"""The statistics as JSON, in one language."""

import json

from grader.statistics.results import CourseStatistics
from grader.text import Language


def render_stats_json(stats: CourseStatistics, language: Language) -> str:
    """Everything, sentences in `language`, indented, ending in a line break."""
    document = stats.model_dump(mode="json", context={"language": language})
    return json.dumps({"language": language, **document}, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
