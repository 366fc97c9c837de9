"""How an attempt is judged: run on copies, compared with what it should give, and told apart from known mistakes."""

import copy
import functools
import math
import traceback
from textwrap import fill

import torch

from .faults import FAULTS

PAGE = {"width": 76, "subsequent_indent": "  "}  # what a page shows of a line without scrolling


class Wrong(AssertionError):
    """What is wrong with an attempt, said to its author.  fault: the name of the likely mistake in FAULTS, or ""."""

    def __init__(self, message, fault=""):
        super().__init__(message)
        self.fault = fault

    def _render_traceback_(self):  # notebooks print this in place of a stack of frames
        return [f"✗ {self}"]


class NotAttempted(Exception):
    """The stub is still there."""


def wrong(fault, more=""):
    """The Wrong of a catalogued mistake."""
    return Wrong(f"{FAULTS[fault]}{' ' + more if more else ''} (The mistake's name: {fault}.)", fault)


def exercise(reference):
    """Make a check out of a judge: a function that takes an attempt and raises Wrong, or returns what to say of it.

    The check prints its verdict and returns what the notebook goes on with: the attempt if it is right, `reference` if
    nothing was attempted yet (None, or a function that raises NotImplementedError).  It raises Wrong otherwise.
    """

    def wrap(judge):
        @functools.wraps(judge)
        def check(attempt, *args, **kwargs):
            try:
                if attempt is None or attempt is Ellipsis:
                    raise NotAttempted
                said = judge(attempt, *args, **kwargs)
            except NotAttempted:
                print(fill(f"○ {judge.__name__}: not attempted yet. The notebook goes on with the book's own.", **PAGE))
                return reference
            print(fill(f"✓ {judge.__name__}: {said or 'right.'}", **PAGE))
            return attempt

        return check

    return wrap


def call(attempt, *args, **kwargs):
    """attempt(*args), on copies: raises Wrong if it fails or changes what it was given."""
    given = copy.deepcopy((args, kwargs))
    try:
        out = attempt(*given[0], **given[1])
    except NotImplementedError:
        raise NotAttempted from None
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        shapes = ", ".join(f"{list(a.shape)}" if isinstance(a, torch.Tensor) else type(a).__name__ for a in args)
        where = f"line {last.lineno} of {last.name}: {last.line}" if last.line else f"in {last.name}"
        message = f"it stops with {type(error).__name__}: {error} ({where}; it was given {shapes})"
        raise Wrong(message) from error
    for before, after in zip(_tensors((args, kwargs)), _tensors(given), strict=True):
        if before.shape != after.shape or not torch.equal(before, after):
            raise wrong("changes its input")
    return out


def _tensors(tree):
    """Every tensor in nested tuples, lists and dictionaries."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (tuple, list)) else ()
    return [t for part in parts for t in _tensors(part)]


def compare(got, want, what, mistakes=(), tolerance=1e-4):
    """Raise Wrong unless `got` is the tensor `want`, up to `tolerance` of its scale.

    mistakes: (name in FAULTS, what that mistake would have given) pairs, tried in order when the values differ.
    """
    if not isinstance(got, torch.Tensor):
        raise Wrong(f"{what} should be a tensor {list(want.shape)}; it is of type {type(got).__name__}")
    for fault, output in mistakes:  # a mistake may show in the shape
        if got.shape == output.shape != want.shape and _close(got, output, tolerance):
            raise wrong(fault)
    if got.shape != want.shape:
        raise Wrong(f"{what} should have the shape {list(want.shape)}; it has {list(got.shape)}")
    if got.dtype != want.dtype:
        raise Wrong(f"{what} is {got.dtype}, where {want.dtype} went in: keep the number format of what you are given",
                    "changes the number format")  # fmt: skip
    if want.is_floating_point() and torch.isnan(got).any() and not torch.isnan(want).any():
        raise Wrong(f"{what} contains NaN: a softmax over nothing, a division by zero, or an uninitialised tensor")
    if _close(got, want, tolerance):
        return
    for fault, output in mistakes:
        if got.shape == output.shape and _close(got, output, tolerance):
            raise wrong(fault)
    differ = ~torch.isclose(got.double(), want.double(), rtol=0, atol=tolerance * _scale(want))
    first = tuple(differ.nonzero()[0].tolist())
    share = differ.double().mean().item()
    raise Wrong(f"{what} differs in {share:.0%} of its values, first at {list(first)}: "
                f"{got[first].item():.4g}, where {want[first].item():.4g} was expected")  # fmt: skip


def _scale(tensor):
    return max(tensor.double().nan_to_num(0, 0, 0).abs().max().item(), 1e-12)


def _close(got, want, tolerance):
    return torch.allclose(got.double(), want.double(), rtol=0, atol=tolerance * _scale(want), equal_nan=True)


def predicted(attempt, low=0.0, high=1.0):
    """A prediction as a number.  Raises Wrong for what isn't one, or lies outside low..high."""
    if isinstance(attempt, bool) or not isinstance(attempt, (int, float)) or math.isnan(attempt):
        raise Wrong(f"a prediction is a number; this is {attempt!r}")
    if not low <= attempt <= high:
        hint = ": a share, so 0.5 for a half" if (low, high) == (0.0, 1.0) else ""
        raise Wrong(f"{attempt} lies outside {low:g} to {high:g}{hint}")
    return float(attempt)
