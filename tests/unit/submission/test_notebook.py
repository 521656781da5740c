"""Notebooks become modules: definitions stay, actions go, and every line can be found again."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from grader.errors import SubmissionInvalid
from grader.submission import Submission, collect
from grader.submission.keepers import Keeper


def notebook(path: Path, *cells: str, **extra: Any) -> Path:
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": []} for cell in cells]
    document = {"cells": [{"cell_type": "markdown", "source": "# hi"}, *code], "nbformat": 4, **extra}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def converted(tmp_path: Path, *cells: str) -> tuple[Submission, list[str]]:
    submission = collect(notebook(tmp_path / "과제.ipynb", *cells), tmp_path / "out")
    return submission, (submission.root / "solution.py").read_text(encoding="utf-8").splitlines()


def dropped(submission: Submission) -> list[tuple[int, int, str]]:
    return [(statement.cell, statement.line, statement.source) for statement in submission.dropped]


def kept(source: str, before: str = "") -> bool:
    keeper = Keeper()
    for statement in ast.parse(before).body:
        keeper.keeps(statement)
    return keeper.keeps(ast.parse(source).body[0])


def test_notebook_keeps_definitions_and_names_what_it_drops(tmp_path: Path) -> None:
    submission, lines = converted(
        tmp_path,
        "import torch\nfrom torch import nn\nLR = 1e-3",
        "class Net(nn.Module):\n    pass\n\nmodel = Net()\nmodel.fit(\n    3\n)",
        "def train(train_set):\n    return Net()",
        "train(None)\nprint('done')",
    )
    assert dropped(submission) == [
        (2, 4, "model = Net()"),
        (2, 5, "model.fit("),
        (4, 1, "train(None)"),
        (4, 2, "print('done')"),
    ]
    assert [name for name, _ in submission.files] == ["solution.py"]
    module = ast.parse("\n".join(lines))
    names = {node.name for node in module.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert names == {"Net", "train"}


def test_notebook_lines_lead_back_to_cell_and_line(tmp_path: Path) -> None:
    submission, lines = converted(tmp_path, "import os\n\nrun(1,\n    2)\nX = 1", "Y = 2\n")
    for wanted, place in {"import os": (1, 1), "X = 1": (1, 5), "Y = 2": (2, 1)}.items():
        assert submission.cell_of("solution.py", lines.index(wanted) + 1) == place
    assert submission.locate("solution.py", lines.index("X = 1") + 1).ko == "과제.ipynb 코드 셀 1, 5번째 줄"
    assert submission.locate("solution.py", 1).en == "과제.ipynb, line 1"
    assert submission.cell_of("other.py", 4) is None


def test_notebook_statements_that_share_a_line_part_cleanly(tmp_path: Path) -> None:
    submission, lines = converted(tmp_path, "import os; print('한글'); X = 1; f(\n1\n); Y = 2  # 주석\n'끝'")
    assert lines[3:7] == ["import os; pass; X = 1; ", "", "pass; Y = 2  # 주석", "pass"]
    assert [line for _, line, _ in dropped(submission)] == [1, 1]


def test_notebook_magics_are_dropped_with_a_note(tmp_path: Path) -> None:
    submission, lines = converted(
        tmp_path,
        "%matplotlib inline\nimport os\n!pip install \\\n   torch\nfiles = !ls\nos.path?",
        "%%bash\nrm -rf /",
        "%%time\ndef train(): \n    return 1",
        'TEMPLATE = """\n%d images\n!\n"""',
        "def f():\n    %timeit x\n    return 2",
    )
    noted = dropped(submission)
    assert [(cell, line) for cell, line, _ in noted] == [(1, 1), (1, 3), (1, 5), (1, 6), (2, 1), (3, 1), (5, 2)]
    assert "%d images" in lines
    assert "def train(): " in lines


def test_notebook_future_import_moves_to_the_top(tmp_path: Path) -> None:
    _, lines = converted(tmp_path, "print(1)", "from __future__ import annotations\nimport os")
    assert lines[1] == "from __future__ import annotations"
    compile("\n".join(lines), "solution.py", "exec")


def test_notebook_constant_made_from_a_dropped_name_is_dropped(tmp_path: Path) -> None:
    submission, _ = converted(tmp_path, "loader = load()\nSTEPS = len(loader)\nEPOCHS = 3\nHALF = EPOCHS // 2")
    assert [line for _, line, _ in dropped(submission)] == [1, 2]


@pytest.mark.parametrize(
    "source",
    [
        "DEVICE = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "SIZES = [32 * i for i in range(3)]",
        "LOSS = nn.CrossEntropyLoss(label_smoothing=0.1)",
        "A, B = 1, 2",
        "WIDTH: int = 64",
        "relu = lambda x: x.clamp(min=0)",
        "if torch.cuda.is_available():\n    DEVICE = 'cuda'\nelse:\n    DEVICE = 'cpu'",
        "try:\n    import tqdm\nexcept ImportError:\n    tqdm = None",
    ],
)
def test_keeper_definitions_stay(source: str) -> None:
    assert kept(source, before="import torch\nfrom torch import nn")


@pytest.mark.parametrize(
    "source",
    [
        "model = Net()",
        "torch.manual_seed(0)",
        "for epoch in range(10): pass",
        "if __name__ == '__main__':\n    X = 1",
        "with open('x') as f: pass",
        "a.b = 1",
        "X = [f(i) for i in range(3)]",
        "X = (y := 3)",
        "X = unknown + 1",
        "del torch",
        "try:\n    import tqdm\nexcept ImportError:\n    install()",
        "X = " + "[" * 60 + "]" * 60,
    ],
)
def test_keeper_actions_go(source: str) -> None:
    assert not kept(source, before="import torch\nclass Net: pass\ndef f(i): pass")


def test_notebook_syntax_error_names_cell_and_line(tmp_path: Path) -> None:
    with pytest.raises(SubmissionInvalid) as caught:
        collect(notebook(tmp_path / "a.ipynb", "X = 1", "Y = 1\ndef f(:\n"), tmp_path / "out")
    assert "a.ipynb, code cell 2, line 2" in caught.value.message.en
    assert "코드 셀 2" in caught.value.message.ko


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        b'{"cells": [{"cell_type": "code", "source": 3}]}',
        b'{"cells": [{"cell_type": "code", "source": [3]}]}',
        b'{"cells": [{"cell_type": "code", "source": "x = \\"\\ud800\\""}]}',
        b'{"cells": [{"cell_type": "code", "source": "\\u0000"}]}',
        b'{"cells": []}',
        b"[" * 100_000,
        b'{"cells": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
    ],
)
def test_notebook_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(SubmissionInvalid, match=r"a\.ipynb"):
        collect(tmp_path / "a.ipynb", tmp_path / "out")


def test_notebook_of_format_3_is_read(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": ["X = 1\n", "Y = 2"]}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}))
    assert "Y = 2" in (collect(tmp_path / "a.ipynb", tmp_path / "out").root / "solution.py").read_text()


def test_notebook_beside_modules_is_the_entry(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    notebook(source / "mission.ipynb", "from layers import X\ndef train(): pass")
    (source / "layers.py").write_text("X = 1")
    submission = collect(source, tmp_path / "out")
    assert [name for name, _ in submission.files] == ["layers.py", "solution.py"]
    assert submission.entry_origin == "mission.ipynb"


def test_notebook_outputs_do_not_change_the_hash(tmp_path: Path) -> None:
    first = collect(notebook(tmp_path / "a.ipynb", "X = 1"), tmp_path / "1")
    second = collect(notebook(tmp_path / "b.ipynb", "X = 1", metadata={"run": 7}), tmp_path / "2")
    assert first.sha256 == second.sha256
