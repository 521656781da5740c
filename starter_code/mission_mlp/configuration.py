"""Reads `config.json`: everything about an experiment that is not code / 실험 설정을 읽습니다."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Config = dict[str, Any]
"""What `config.json` holds / config.json의 내용."""

SECTIONS = ("name", "seed", "arch", "data_loader", "optimizer", "lr_scheduler", "loss", "metrics", "trainer")


def read_config(path: Path, overrides: Mapping[str, Any] | None = None) -> Config:
    """Reads a configuration and replaces single values in it / 설정을 읽고 일부 값을 바꿉니다.

    Args:
        path: the JSON file.
        overrides: values by dotted name, such as `{"optimizer.args.lr": 0.01}`; None values are left out.
            점으로 이은 이름과 값. 값이 None이면 바꾸지 않습니다.

    Raises:
        ValueError: the file is no JSON, or a section is missing.
    """
    try:
        config: Config = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name}, line {error.lineno}: no valid JSON / JSON 형식 오류: {error.msg}") from error
    missing = [name for name in SECTIONS if name not in config]
    if missing:
        raise ValueError(f"{path.name} lacks / 빠진 항목: {', '.join(missing)}")
    for name, value in (overrides or {}).items():
        if value is not None:
            *parents, last = name.split(".")
            section = config
            for parent in parents:
                section = section[parent]
            section[last] = value
    return config
