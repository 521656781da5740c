"""Export what `train` returned as a standard `.pt2`: a graph and raw weights, no code."""

import io
import logging
import warnings
from typing import Any

import torch
from torch import nn
from torch.export import Dim

from .failures import ContractError

FIXED_BATCHES = (2, 1, 32, 64, 100, 128, 256, 512, 1000)
"""Sizes tried where the batch dimension can't be dynamic; a literal batch in a model is usually one of these."""
LARGEST_BATCH = 4096


def check_model(model: Any) -> nn.Module:
    """`model` itself, or what a parallel wrapper holds.

    Raises:
        ContractError: it is not an `nn.Module`, or one that can't be exported.
    """
    if not isinstance(model, nn.Module):
        raise ContractError("not_a_module", type=type(model).__name__)
    if isinstance(model, nn.DataParallel):
        wrapped: nn.Module = model.module
        return wrapped
    if isinstance(model, torch.jit.ScriptModule):
        raise ContractError("script_module")
    return model


def export_model(model: nn.Module, image_shape: tuple[int, int, int]) -> bytes:
    """The `.pt2` archive of `model` in eval mode on the CPU, batch dimension dynamic where the model allows it.

    Args:
        model: takes float32 (N, *image_shape) in [0, 1], gives logits (N, classes).
        image_shape: channels, height, width.

    Raises:
        Exception: whatever torch raised when the batch dimension was dynamic; the fixed sizes failed as well.
    """
    model = model.to("cpu").eval()
    for module in model.modules():
        module.training = False  # a student's train() override may have left a part behind
    # torch explains a failed export to its own developers, at length; the student gets the exception.
    logging.getLogger("torch").setLevel(logging.CRITICAL + 1)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = _dynamic_or_fixed(model, image_shape)
        program = program.run_decompositions({})
    archive = io.BytesIO()
    torch.export.save(program, archive)
    return archive.getvalue()


def _dynamic_or_fixed(model: nn.Module, image_shape: tuple[int, int, int]) -> torch.export.ExportedProgram:
    dynamic = ({0: Dim("batch", min=1, max=LARGEST_BATCH)},)
    try:
        return torch.export.export(model, (torch.rand(2, *image_shape),), dynamic_shapes=dynamic, strict=False)
    except Exception as error:
        if "DataDependent" in type(error).__name__:
            raise  # a decision on pixel values, which no batch size mends
        for batch in FIXED_BATCHES:
            try:
                return torch.export.export(model, (torch.rand(batch, *image_shape),), strict=False)
            except Exception:  # noqa: S112 - the first error is the one that tells something
                continue
        raise error
