"""What must be equal for a resident grader to be asked."""

from pathlib import Path

import pytest

from grader.resident import conditions as module
from grader.resident.conditions import code_fingerprint, conditions_of
from grader.settings import Settings
from tests.conftest import ROOT
from tests.unit.resident.kit import conditions


def test_same_process_asks_under_the_same_conditions() -> None:
    assert conditions().differing(conditions()) == ()


def test_what_differs_is_named() -> None:
    assert conditions().differing(conditions(image="other", attempts=1)) == ("image", "attempts")


def test_settings_that_a_grading_depends_on_count(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path, image="other", docker_runtime="runsc", attempts=1)
    other = conditions_of(tmp_path, "auto", settings, {})
    assert set(conditions().differing(other)) == {
        *("cache_dir", "image", "docker_runtime", "attempts", "course", "sandbox")
    }


def test_language_and_gradebook_do_not_count() -> None:
    other = conditions_of(ROOT, "bubblewrap", Settings(language="ko", gradebook=Path("/b"), database="x"), {})
    assert conditions() == other


def test_variables_that_a_grading_depends_on_count() -> None:
    def differing(**environment: str) -> tuple[str, ...]:
        return conditions().differing(conditions_of(ROOT, "bubblewrap", Settings(), environment))

    assert differing(DOCKER_HOST="tcp://there") == ("environment",)
    assert differing(CUDA_VISIBLE_DEVICES="1") == ("environment",)
    assert differing(GRADER_DATA_DIR="/data") == ("environment",)
    assert differing(XDG_CACHE_HOME="/cache") == ("environment",)
    assert differing(GRADER_LANGUAGE="ko", GRADER_COURSE="/course", LANG="C", COLUMNS="80") == ()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A grader's code."""
    (tmp_path / "reports").mkdir()
    for name in ("spec.py", "reports/page.html"):
        (tmp_path / name).write_text("one")
    monkeypatch.setattr(module, "_package", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["spec.py", "reports/page.html", "reports/new.py"])
def test_edited_code_is_other_code(package: Path, name: str) -> None:
    before = code_fingerprint()
    assert code_fingerprint() == before
    (package / name).write_text("three")
    assert code_fingerprint() != before


def test_removed_code_is_other_code(package: Path) -> None:
    before = code_fingerprint()
    (package / "spec.py").unlink()
    assert code_fingerprint() != before


def test_compiled_files_do_not_count(package: Path) -> None:
    before = code_fingerprint()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "spec.pyc").write_text("compiled")
    assert code_fingerprint() == before
