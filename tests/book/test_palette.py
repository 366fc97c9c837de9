"""The figures' colours: told apart by eyes of every kind, and legible on both grounds."""

import re
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "figures"))
import style  # noqa: E402

# Linear RGB as eyes lacking one kind of cone see it: Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
APART = 15  # CIE Lab distance (1976) that any two colours of a figure keep; 2.3 is just noticeable
INKS = pytest.mark.parametrize("ink", [style.LIGHT, style.DARK], ids=["light", "dark"])


def linear(color):
    """Linear RGB of "#rrggbb"."""
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE Lab of linear RGB, white being white."""
    t = (XYZ @ rgb) / XYZ.sum(axis=1)
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one, other, eyes):
    """How far apart two colours look."""
    seen = [lab(np.clip(np.array(EYES[eyes]) @ linear(c), 0, 1)) for c in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def contrast(one, other):
    """WCAG's ratio, 1 to 21."""
    low, high = sorted(float(XYZ[1] @ linear(c)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def close(colors):
    """The pairs that some eyes see closer than APART."""
    return [
        (one, other, eyes, round(distance(one, other, eyes), 1))
        for one, other in combinations(sorted(set(colors)), 2)
        for eyes in EYES
        if distance(one, other, eyes) < APART
    ]


def used(path):
    """Every colour that a drawing paints with."""
    return set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", path.read_text(encoding="utf-8")))


def test_the_measures_are_right():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert distance("#000000", "#ffffff", "usual") == pytest.approx(100, abs=0.1)
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@INKS
def test_any_two_colours_differ_for_any_eyes(ink):
    assert not close([*ink.colors.values(), ink.text])


def test_colours_that_only_some_eyes_tell_apart_would_be_noticed():
    assert {eyes for _, _, eyes, _ in close(["#0072b2", "#aa4499"])} == {"protanopia"}
    assert {eyes for _, _, eyes, _ in close(["#009e73", "#777777"])} == {"deuteranopia"}


@INKS
def test_text_and_marks_stand_out_from_the_ground(ink):
    for color in (ink.text, ink.quiet, *ink.colors.values()):  # marks need 3, but they are text and fills of text, too
        assert contrast(color, ink.ground) >= 4.5, color


@INKS
def test_a_drawing_paints_with_nothing_else(ink):
    ours = {ink.ground, ink.text, ink.quiet, ink.faint, *ink.colors.values()}
    drawn = [p for p in style.DRAWN.iterdir() if p.stem.endswith("-dark") == (ink is style.DARK)]
    for path in drawn:
        assert used(path) <= ours, path.name
        assert "opacity" not in path.read_text(encoding="utf-8"), f"{path.name}: see-through colours are no longer ours"
    assert drawn


def test_parts_differ_by_outline_or_colour_and_both_schemes_have_the_same_hues():
    assert len(set(style.PARTS.values())) == len(style.PARTS)
    assert set(style.LIGHT.colors) == set(style.DARK.colors) >= {hue for hue, _ in style.PARTS.values()}
