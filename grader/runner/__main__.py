"""Starts the runner from wherever its folder is mounted: `python -I /runner/__main__.py`.

`-I` keeps the environment, the working directory and user packages out of `sys.path`; the folder is then
registered as the package `runner`, so that its modules import each other relatively.
"""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def load_package() -> None:
    """Registers this folder as the package `runner`."""
    spec = importlib.util.spec_from_file_location(
        "runner", FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["runner"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_package()
    importlib.import_module("runner.main").main()
