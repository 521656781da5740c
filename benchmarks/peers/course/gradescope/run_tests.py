"""As in Gradescope's examples: run_autograder calls this for one submission, and results.json is what counts."""

import sys
import unittest
from pathlib import Path

from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

if __name__ == "__main__":
    suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent / "tests"))
    with Path(sys.argv[1]).open("w", encoding="utf-8") as file:
        JSONTestRunner(visibility="visible", stream=file).run(suite)
