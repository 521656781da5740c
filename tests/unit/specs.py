"""A small mission for tests, as a TOML document would give it."""

from typing import Any

from grader.spec import MissionSpec


def text(words: str) -> dict[str, str]:
    return {"en": words, "ko": f"{words} (한국어)"}


def criterion(criterion_id: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "id": criterion_id,
        "points": points,
        "title": text(criterion_id),
        "expected": text("the bar"),
        "hint": text("try again"),
        **more,
    }


def document(**changes: Any) -> dict[str, Any]:
    return {
        "id": "mission_small",
        "title": text("Small"),
        "brief": text("Do it."),
        "difficulty": "easy",
        "points": 10,
        "pass_mark": 8,
        "data": {"pack": "mnist", "valid_images": 100, "image_shape": [1, 28, 28], "classes": 10},
        "entry": {"offers": ["train_set", "seed", "log"]},
        "limits": {"train_cpu_s": 20, "train_gpu_s": 10, "parameters": 1000},
        "evaluation": {"bar": 0.9},
        "criteria": [
            criterion("training", 2),
            criterion("accuracy", 8, depends_on=["training"], partial={"from": 0.5, "full": 0.9, "cap": 0.5}),
        ],
        **changes,
    }


def small_spec(**changes: Any) -> MissionSpec:
    return MissionSpec.model_validate(document(**changes))
