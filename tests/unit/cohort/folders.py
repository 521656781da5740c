"""Folders as learning platforms and people lay them out."""

import os
from datetime import UTC, datetime
from pathlib import Path

MISSIONS = ("mission_cnn", "mission_rnn")
MONDAY = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def lay(root: Path, *names: str, changed: datetime = MONDAY) -> Path:
    """Files of these names below `root`; a name that ends with `/` is an empty folder."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", encoding="utf-8")
        os.utime(path, (changed.timestamp(), changed.timestamp()))
    return root
