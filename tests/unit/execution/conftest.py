from pathlib import Path

import pytest

from grader.spec import MissionSpec
from grader.submission import Submission
from grader.submission.collect import collect
from tests.unit import specs
from tests.unit.execution.outcomes import GIB


@pytest.fixture
def spec() -> MissionSpec:
    limits = {"train_cpu_s": 20, "train_gpu_s": 10, "parameters": 1000, "gpu_memory_bytes": 3 * GIB}
    return MissionSpec.model_validate(specs.document(limits=limits))


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "solution.py").write_text("def train(): pass\n")
    return collect(tmp_path / "work", tmp_path / "collected")
