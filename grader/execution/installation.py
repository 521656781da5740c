"""What a run tells of the machine, left out of what others read."""

import sys
from pathlib import Path


def without_installation(text: str) -> str:
    """The text without the folder that Python is installed in, which warnings and errors name."""
    prefixes = {sys.prefix, sys.base_prefix, str(Path(sys.prefix).resolve()), str(Path(sys.base_prefix).resolve())}
    for prefix in sorted(prefixes, key=len, reverse=True):
        if prefix not in ("/", "/usr"):
            text = text.replace(f"{prefix}/", "python:")
    return text
