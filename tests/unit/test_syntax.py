import ast
import gc
import sys
import threading
import warnings
from ast import parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.data.packs import DataPack
from grader.syntax import ONE_TREE_AT_A_TIME, syntax_tree

DEEP = f"x = {'[' * 40}1{']' * 40}\n" * 200


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Threads change places also while the interpreter builds a tree, as a collection of garbage makes them do."""

    def give_way(phase: str, info: dict[str, Any]) -> None:
        for _ in range(20):
            pass

    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    gc.callbacks.append(give_way)
    yield
    gc.callbacks.remove(give_way)
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


def test_trees_are_built_in_several_threads(eager_switches: None) -> None:
    failures: list[Exception] = []

    def build() -> None:
        try:
            for _ in range(10):
                assert len(syntax_tree(DEEP).body) == 200
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_warnings_of_the_source_are_not_those_of_the_grader() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        tree = syntax_tree(r'x = "\d"')
    assert seen == []
    assert ast.unparse(tree) == r"x = '\\d'"


def test_array_of_a_pack_is_read_under_the_same_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test").mkdir()
    np.save(tmp_path / "test" / "labels.npy", np.arange(3))
    locked: list[bool] = []

    def parses(*arguments: Any, **named: Any) -> Any:
        locked.append(ONE_TREE_AT_A_TIME.locked())
        return parse(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr("ast.parse", parses)
        read = DataPack(id="small", version=1, root=tmp_path, files=()).array("test", "labels")
    assert (read.tolist(), locked) == ([0, 1, 2], [True])
