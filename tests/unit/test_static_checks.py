"""What the source reader finds, and what it survives."""

import json
from pathlib import Path

import pytest

from grader.static_checks import MAX_FINDINGS, Finding, StaticRules, declared_functions, inspect_source
from grader.submission import Submission, collect


def submitted(tmp_path: Path, source: str, **others: str) -> Submission:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "solution.py").write_text(source, encoding="utf-8")
    for name, content in others.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return collect(folder, tmp_path / "out")


def found(tmp_path: Path, source: str, *forbidden: str) -> list[tuple[str, int | None]]:
    findings = inspect_source(submitted(tmp_path, source), StaticRules(forbidden_imports=forbidden))
    return [(finding.name, finding.line) for finding in findings]


@pytest.mark.parametrize(
    "source",
    [
        "import torchvision.models",
        "import torchvision.models as m",
        "import torchvision.models.resnet",
        "from torchvision import models",
        "from torchvision import models as m",
        "from torchvision.models import resnet18",
        "from torchvision.models.resnet import resnet18",
        "def f():\n    from torchvision import models",
        "import torchvision as tv; x = tv.models.resnet18()",
        "import torchvision\nx = torchvision.models",
        "import torchvision as tv\na = tv\nb = a.models",
        "import torchvision as tv\nm = tv.models\nm.resnet18()",
        "from torchvision import *\nmodels.resnet18()",
        "import torchvision\ngetattr(torchvision, 'models').resnet18()",
        "import importlib\nimportlib.import_module('torchvision.models')",
        "import importlib as il\nil.import_module('.models', 'torchvision')",
        "from importlib import import_module as load\nload('torchvision').models",
        "tv = __import__('torchvision')\ntv.models",
        "__import__(name='torchvision.models')",
        "import builtins\nbuiltins.__import__('torchvision.models')",
        "import sys, torchvision\nsys.modules['torchvision.models']",
        "(tv := __import__('torchvision')).x\ntv.models",
    ],
)
def test_forbidden_import_is_found_in_each_spelling(source: str, tmp_path: Path) -> None:
    assert ("torchvision.models", source.count("\n") + 1) in found(tmp_path, source, "torchvision.models")


@pytest.mark.parametrize(
    "source",
    [
        "import torchvision",
        "import torchvision.transforms as models",
        "from torchvision import transforms",
        "import torchvision.models_of_mine",
        "from . import torchvision",
        "from .torchvision import models",
        "torchvision = object()\ntorchvision.models",
        "x = 'import torchvision.models'  # torchvision.models",
        "models = 1\nself.torchvision.models",
        "import_module('torchvision.models')",
    ],
)
def test_lookalike_is_not_found(source: str, tmp_path: Path) -> None:
    assert found(tmp_path, source, "torchvision.models") == []


@pytest.mark.parametrize(
    "source", ["import torch\ntorch.hub.load('x', 'y')", "from torch import hub", "import torch.hub"]
)
def test_torch_hub_is_found(source: str, tmp_path: Path) -> None:
    assert found(tmp_path, source, "torch.hub") == [("torch.hub", source.count("\n") + 1)]


def test_finding_names_rule_file_line_in_both_languages(tmp_path: Path) -> None:
    submission = submitted(tmp_path, "import net", net__py="x = 1\nimport timm.models\n")
    (finding,) = inspect_source(submission, StaticRules(forbidden_imports=("timm",)))
    assert (finding.rule, finding.name, finding.file, finding.line) == ("forbidden_import", "timm", "net.py", 2)
    assert finding.text.en == "net.py, line 2: timm may not be used in this mission."
    assert finding.text.ko == "net.py 2번째 줄: 이 미션에서는 timm을(를) 사용할 수 없습니다."


def test_finding_in_notebook_names_cell(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": source} for source in ("import os", "def f():\n    import timm")]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    submission = collect(tmp_path / "a.ipynb", tmp_path / "out")
    (finding,) = inspect_source(submission, StaticRules(forbidden_imports=("timm",)))
    assert (finding.file, finding.cell, finding.line) == ("a.ipynb", 2, 2)
    assert "code cell 2, line 2" in finding.text.en


def test_banned_files_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    submission = submitted(tmp_path, "", weights__PT="x", notes__txt="x")
    rules = StaticRules(banned_files=("*.pt", "*.pth"))
    assert [(finding.rule, finding.file) for finding in inspect_source(submission, rules)] == [
        ("banned_file", "weights.PT")
    ]


def test_module_that_python_cannot_read_is_a_finding(tmp_path: Path) -> None:
    findings = inspect_source(submitted(tmp_path, "", broken__py="x = ("), StaticRules(forbidden_imports=("timm",)))
    assert [(finding.rule, finding.name) for finding in findings] == [("unreadable_source", "broken.py")]


def test_one_line_gives_one_finding_per_rule(tmp_path: Path) -> None:
    assert found(tmp_path, "import timm, timm.models; timm.x.y.z", "timm", "timm.models") == [
        ("timm", 1),
        ("timm.models", 1),
    ]


def test_findings_are_bounded(tmp_path: Path) -> None:
    assert len(found(tmp_path, "import timm\n" * 1000, "timm")) == MAX_FINDINGS


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "f(" * 90 + ")" * 90,
        "x = a" + ".b" * 900,
        "x = a" + "()" * 900,
        "x = a" + ".b()" * 400,
        "x = " + "1+" * 900 + "1",
        "x = " + "getattr(" * 50 + "a" + ", 'b')" * 50,
        "import a\n" + "b = a\na = b\n" * 50,
        "x = 0x" + "f" * 100_000,
        "x = " + "'a' " * 1000,
        "import importlib\nimportlib.import_module()\nimportlib.import_module(*x)\n__import__(level='timm')",
        "getattr(1, 'x'); getattr(a)",
        "from os import path\npath: int = None\n",
        "a[1:2], a['b']['c']",
    ],
)
def test_odd_code_is_survived(source: str, tmp_path: Path) -> None:
    assert found(tmp_path, source, "timm") == []


def test_declared_functions_gives_parameters_in_order(tmp_path: Path) -> None:
    source = (
        "def train(train_set, /, seed, *rest, device='cpu', **more):\n    def inner(x): pass\n"
        "async def later(a): pass\n"
        "class Net:\n    def forward(self, x): pass\n"
        "if True:\n    def build_model(): pass\n"
        "else:\n    pass\n"
        "def twice(a): pass\ndef twice(b): pass\n"
    )
    assert declared_functions(submitted(tmp_path, source)) == {
        "train": ("train_set", "seed", "*rest", "device", "**more"),
        "later": ("a",),
        "build_model": (),
        "twice": ("b",),
    }


def test_rules_without_entries_find_nothing(tmp_path: Path) -> None:
    nothing: tuple[Finding, ...] = ()
    assert inspect_source(submitted(tmp_path, "import timm"), StaticRules()) == nothing
