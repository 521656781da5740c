"""torch without its compiler, which a process that compiles nothing loads all the same."""

import functools
import importlib
import operator
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, TypeVar

COMPILER = "torch._dynamo"
SYMBOLIC_SHAPES = "torch.fx.experimental.symbolic_shapes"
SYMBOLS = "sympy"

Function = TypeVar("Function", bound=Callable[..., Any])


class _StandIn(ModuleType):
    """Answers what is asked of a module while nothing is compiled; asked for anything else, it becomes that module.

    Args:
        name: of the module.
        answers: what is asked of it, by name.
        package: the module has others in it.
    """

    def __init__(self, name: str, answers: Mapping[str, Any], *, package: bool) -> None:
        super().__init__(name)
        self._package = package
        self.__dict__.update(answers)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and not (self._package and name == "__path__"):
            raise AttributeError(name)
        return getattr(self.replace(), name)

    def replace(self) -> ModuleType:
        """Loads the module; those that have imported the stand-in find there what is in the module from then on."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        self.__dict__.update(module.__dict__)
        return module


class _Symbol:
    """A size that is not a number: there is none before sympy is loaded."""


def leave_out_compiler() -> None:
    """Puts something small in the place of parts of the compiler, where they are not loaded yet.

    torch's functions that tell shapes say of themselves that they are not to be compiled, and load the compiler to say
    so. They also expect sizes that are symbols, and load sympy to compare them. Here all sizes are numbers: without
    these, shapes can be told 0.9 and 0.4 CPU seconds earlier (torch 2.15.0).
    """
    _put_in_place(_StandIn(COMPILER, {"disable": _disable}, package=True))
    _put_in_place(_StandIn(SYMBOLIC_SHAPES, _comparisons(), package=False))
    _put_in_place(_StandIn(SYMBOLS, {"Basic": _Symbol}, package=True))


def _put_in_place(module: ModuleType) -> None:
    if module.__name__ not in sys.modules:
        sys.modules[module.__name__] = module
        package, _, name = module.__name__.rpartition(".")
        if package:
            setattr(importlib.import_module(package), name, module)


def _disable(function: Function, recursive: bool = True, wrapping: bool = True) -> Function:
    """The function as one that is not to be compiled: itself."""
    return function


def _comparisons() -> dict[str, Callable[..., Any]]:
    """What torch asks about sizes, by the names of its own functions."""
    decisions = ("expect_true", "guard_or_false", "guard_or_true", "guard_size_oblivious", "statically_known_true")
    return {
        **{name: functools.partial(_decided, name) for name in decisions},
        "sym_and": lambda first, *others: functools.reduce(operator.and_, others, first),
        "sym_or": lambda first, *others: functools.reduce(operator.or_, others, first),
        "sym_eq": _equal,
        "is_nested_int": lambda size: not isinstance(size, int) and _of_torch("is_nested_int")(size),
        "has_guarding_hint": lambda size: isinstance(size, int) or _of_torch("has_guarding_hint")(size),
        "guarding_hint_or_throw": lambda size: (
            size if isinstance(size, int) else _of_torch("guarding_hint_or_throw")(size)
        ),
    }


def _decided(name: str, fact: Any, *others: Any) -> Any:
    """A comparison of numbers is its own answer; torch decides what symbols come to."""
    return fact if isinstance(fact, bool) else _of_torch(name)(fact, *others)


def _equal(one: Any, other: Any) -> Any:
    """Whether two sizes or shapes are the same."""
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and functools.reduce(operator.and_, map(_equal, one, other), True)
    return _of_torch("sym_eq")(one, other)


def _of_torch(name: str) -> Callable[..., Any]:
    found = sys.modules[SYMBOLIC_SHAPES]
    function: Callable[..., Any] = getattr(found.replace() if isinstance(found, _StandIn) else found, name)
    return function
