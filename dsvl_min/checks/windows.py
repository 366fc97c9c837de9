"""Checks of chapter 7: windows, relative positions, what they cost."""

import torch
from torch.nn import functional as F

from .. import ModelConfig
from ..probes.windows import encoder_cost
from ..sam import from_windows, into_windows
from .judge import Wrong, call, compare, exercise, predicted


def _split(x, window, pad=None, axes=(2, 3)):
    """Windows with the padding elsewhere, or with the axes moved otherwise."""
    B, g, _, D = x.shape
    n = -(-g // window)
    missing = n * window - g
    x = F.pad(x, pad or (0, 0, 0, missing, 0, missing)).view(B, n, window, n, window, D)
    return x.transpose(*axes).reshape(B * n * n, window, window, D)


@exercise(into_windows)
def windows(attempt):
    """into_windows(x [B, g, g, D], window): windows [B · n², W, W, D], padded with zeros at the bottom and right."""
    for g, window in ((7, 3), (6, 3)):
        x = torch.arange(2 * g * g * 2).float().view(2, g, g, 2).sin() + 2
        missing = -g % window
        mistakes = [("windows as strips", _split(x, window, axes=(2, 2)))]
        columns = _split(x.transpose(1, 2), window)
        mistakes += [("windows on their side", columns), ("windows column by column", columns.transpose(1, 2))]
        if missing:
            half = missing // 2, missing - missing // 2
            mistakes += [("padding at the top left", _split(x, window, (0, 0, missing, 0, missing, 0))),
                         ("padding all round", _split(x, window, (0, 0, *half, *half))),
                         ("padding left out", x[:, : g - g % window, : g - g % window].unflatten(1, (-1, window))
                          .unflatten(3, (-1, window)).transpose(2, 3).reshape(-1, window, window, 2))]  # fmt: skip
        compare(call(attempt, x, window), into_windows(x, window), "the windows", mistakes)
    return "padded at the bottom and right, window by window as one reads."


@exercise(from_windows)
def back(attempt):
    """from_windows(windows [B · n², W, W, D], g): the grid [B, g, g, D] again, without the padding."""
    x, window, g = torch.arange(2 * 49 * 2).float().view(2, 7, 7, 2).sin() + 2, 3, 7
    parts = into_windows(x, window)
    whole = parts.view(-1, 3, 3, 3, 3, 2).transpose(2, 3).reshape(-1, 9, 9, 2)
    mistakes = [("un-padding forgotten", whole), ("cut from the wrong corner", whole[:, 2:, 2:]),
                ("windows as strips", parts.view(-1, 9, 9, 2)[:, :g, :g])]  # fmt: skip
    compare(call(attempt, parts, g), x, "the grid", mistakes)
    return "what went into the windows comes out of them."


def own_scores(query, key, rows, columns):
    """The book's own: query, key [B, H, s, s, E], tables [2s - 1, E] -> scores [B, H, s², s²]."""
    s, E = query.shape[-3], query.shape[-1]
    offset = torch.arange(s)[:, None] - torch.arange(s) + s - 1
    scores = torch.einsum("bhijc,bhklc->bhijkl", query, key) / E**0.5
    scores = scores + torch.einsum("bhijc,ikc->bhijk", query, rows[offset])[..., None]
    scores = scores + torch.einsum("bhijc,jlc->bhijl", query, columns[offset])[..., None, :]
    return scores.flatten(4).flatten(2, 3)


@exercise(own_scores)
def scores(attempt):
    """scores(query, key [B, H, s, s, E], rows, columns [2s - 1, E]): [B, H, s², s²], relative positions included."""
    draw = torch.Generator().manual_seed(0)
    query, key = torch.randn(2, 2, 3, 4, 4, 6, generator=draw)
    rows, columns = torch.randn(2, 7, 6, generator=draw)
    plain = own_scores(query, key, 0 * rows, 0 * columns)
    gain = own_scores(query, key, rows, columns) - plain
    mistakes = [
        ("offset's sign flipped", own_scores(query, key, rows.flip(0), columns.flip(0))),
        ("rows for columns", own_scores(query, key, columns, rows)),
        ("gain divided too", plain + gain / 6**0.5),
        ("forgotten 1/√d", plain * 6**0.5 + gain),
        ("gain from the key", own_scores(key, query, rows.flip(0), columns.flip(0)).transpose(2, 3)),
        ("no relative positions", plain),
    ]
    compare(call(attempt, query, key, rows, columns), plain + gain, "the scores", mistakes)
    return "q·k / √E, and what the rows and the columns between two patches add."


@exercise(None)
def padding(attempt, measured):
    """A guess {"border": share, "inside": share} beside what was measured.  Any honest guess passes."""
    if not isinstance(attempt, dict) or set(attempt) != set(measured):
        raise Wrong(f"a guess for each of {', '.join(measured)}, such as {{'border': 0.5, 'inside': 0.5}}")
    guess = {name: predicted(value) for name, value in attempt.items()}
    for name, share in measured.items():
        print(f"  {name:8} you said {guess[name]:.1%}, it is {share:.1%}")
    if guess["border"] > 2 * measured["border"]:
        return "a look at padding hands over next to nothing, so it can be given up at little cost."
    return "a prediction made before looking is what an experiment can contradict."


def half_at():
    """The side in pixels from which on SAM-B's windows save half of all multiplications."""
    from dataclasses import replace

    config = ModelConfig.preset("7b").sam
    for side in range(256, 8192, config.patch_size):
        larger = replace(config, image_size=side)
        if encoder_cost(larger) <= encoder_cost(larger, everywhere=True) / 2:
            return side
    raise AssertionError("never")


@exercise(None)
def half(attempt):
    """The side, in pixels, of the picture from which on windows save half."""
    side, want = predicted(attempt, 16, 100_000), half_at()
    if abs(side - want) <= 0.1 * want:
        return f"the first multiple of 16 is {want}."
    if side < 400 or abs(side * 16 - want) < 0.2 * want:
        raise Wrong(f"{side:g} pixels? Did you answer in patches? A patch has 16 pixels a side.")
    if side < want:
        raise Wrong("too small: there the linear layers still cost more than half of what global attention everywhere "
                    "would. Only the eight windowed layers save; four go on looking at everything.")  # fmt: skip
    raise Wrong("too large: windows save half long before that. Do you count a padded grid's patches in the MLP?")
