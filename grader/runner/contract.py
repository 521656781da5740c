"""Call the student's functions by parameter name, like pytest fixtures."""

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from .failures import ContractError


def import_solution(submission: Path) -> ModuleType:
    """Imports `solution` from the submission's folder, whatever its code raises."""
    sys.path.insert(0, str(submission))
    return importlib.import_module("solution")


def find_function(solution: ModuleType, name: str) -> Callable[..., Any]:
    """The student's function of that name.

    Raises:
        ContractError: `no_train` where there is none, `not_callable` where it is something else.
    """
    function = getattr(solution, name, None)
    if function is None:
        raise ContractError("no_function", function=name)
    if not callable(function):
        raise ContractError("not_callable", function=name, type=type(function).__name__)
    return function  # type: ignore[no-any-return]


def bind(function: Callable[..., Any], offers: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The keyword arguments `function` asks for, each made only if asked for.

    Args:
        function: the student's function.
        offers: maker of each value the mission offers, by parameter name.

    Raises:
        ContractError: `unknown_parameter` for a required parameter that is not offered.
    """
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            arguments.update({offer: make() for offer, make in offers.items() if offer not in arguments})
        elif parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY):
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                raise ContractError("positional_only", function=function.__name__, parameter=name)
        elif name in offers:
            arguments[name] = offers[name]()
        elif parameter.default is inspect.Parameter.empty:
            raise ContractError(
                "unknown_parameter", function=function.__name__, parameter=name, offered=", ".join(offers)
            )
    return arguments
