"""torch without its compiler: shapes are told as with it, and who needs it gets it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WITHOUT = "import torch\nfrom grader.evaluation.compiler import leave_out_compiler\nleave_out_compiler()\n"
LOADED = "sorted({'torch._dynamo.convert_frame', 'sympy.core', 'torch.utils._sympy'} & set(sys.modules))"


def run(program: str) -> str:
    """What a fresh interpreter prints; this one has loaded the compiler."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_shapes_are_told_without_loading_the_compiler() -> None:
    told = run(
        WITHOUT + "from torch.nn import functional as F\n"
        "meta = dict(device='meta')\n"
        "x = F.relu(F.conv2d(torch.empty(2, 1, 8, 8, **meta), torch.empty(4, 1, 3, 3, **meta)))\n"
        "x = F.gelu(F.layer_norm(F.max_pool2d(x, 2).flatten(1) + 1, (36,)))\n"
        "x = torch.ops.aten.add.Tensor(x, torch.empty(36, **meta)).expand(2, 36).pow(2)\n"
        "x = torch.cat([torch.stack([x, x]).mean(0), F.pad(x, (1, 1))], 1)[:, :36]\n"
        "x = F.log_softmax(F.linear(x, torch.empty(10, 36, **meta)), 1)\n"
        f"print(tuple(x.shape), {LOADED})\n"
    )
    assert told == "(2, 10) []\n"


def test_shapes_that_do_not_fit_are_refused_as_by_torch() -> None:
    program = (
        "import torch\n"
        "meta = dict(device='meta')\n"
        "def refused(op, *arguments):\n"
        "    try:\n"
        "        print(tuple(op(*arguments).shape))\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, error)\n"
        "refused(torch.conv2d, torch.empty(2, 3, 8, 8, **meta), torch.empty(4, 1, 3, 3, **meta))\n"
        "refused(torch.conv2d, torch.empty(2, 1, 2, 2, **meta), torch.empty(4, 1, 3, 3, **meta))\n"
        "refused(torch.bmm, torch.empty(2, 3, 4, **meta), torch.empty(2, 5, 6, **meta))\n"
        "refused(torch.add, torch.empty(2, 3, **meta), torch.empty(2, 4, **meta))\n"
        "refused(torch.broadcast_to, torch.empty(3, **meta), (2, 4))\n"
        "refused(torch.stack, [torch.empty(3, **meta), torch.empty(4, **meta)])\n"
        "refused(torch.nn.functional.layer_norm, torch.empty(2, 3, **meta), (4,))\n"
    )
    told = run(WITHOUT + program)
    assert told == run(program)
    assert len(told.splitlines()) == 7


def test_an_evaluation_program_gets_ready_without_the_compiler_and_collects_garbage_from_then_on() -> None:
    told = run(
        "import gc; gc.disable()\n"
        "from grader.evaluation.server import _load_what_children_need as load\n"
        "load()\n"
        f"print({LOADED}, gc.isenabled())\n"
    )
    assert told == "[] True\n"


def test_who_needs_the_compiler_gets_it() -> None:
    told = run(
        WITHOUT + "torch._dynamo.reset()\n"
        "print('torch._dynamo.convert_frame' in sys.modules, type(torch._dynamo).__name__)\n"
        "leave_out_compiler()\n"
        "print(type(sys.modules['torch._dynamo']).__name__)\n"
    )
    assert told == "True module\nmodule\n"


def test_who_needs_symbols_for_sizes_gets_them() -> None:
    told = run(
        WITHOUT + "import sympy\n"
        "from torch.fx.experimental.symbolic_shapes import guard_or_false, sym_eq\n"
        "from torch.fx.experimental.symbolic_shapes import ShapeEnv\n"
        "size = ShapeEnv().create_unbacked_symint()\n"
        "print(guard_or_false(size == 3), type(sym_eq(size, 3)).__name__, sym_eq((2, 3), [2, 3]))\n"
        "print(isinstance(size.node.expr, sympy.Basic), sympy.printing.__name__)\n"
    )
    assert told == "False SymBool True\nTrue sympy.printing\n"


def test_a_program_is_exported_where_the_compiler_was_left_out() -> None:
    told = run(
        WITHOUT + "batch = torch.export.Dim('batch')\n"
        "model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2)).eval()\n"
        "program = torch.export.export(model, (torch.zeros(2, 1, 2, 2),), dynamic_shapes=({0: batch},))\n"
        "print(tuple(program.module()(torch.zeros(5, 1, 2, 2)).shape))\n"
    )
    assert told == "(5, 2)\n"
