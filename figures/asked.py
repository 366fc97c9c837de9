"""Five held-out pictures, each asked about twice: as it is, and blanked."""

import textwrap

import numpy as np
import style

from dsvl_min.data.world import render
from dsvl_min.evaluation.tasks import TASKS, questions

SHOWN = ("naming", "counting", "relations", "grid documents", "handwritten digit")


def draw(ink):
    evaluation = style.result("tiny")["evaluation"]
    figure = style.figure(ink, 8.6, 3.1)
    axes = figure.subplots(1, len(SHOWN))
    for axis, name in zip(axes, SHOWN, strict=True):
        task = next(t for t in TASKS if t.name == name)
        ((made, question, truth),) = questions(task, evaluation["seed"], 1)
        example = evaluation["examples"][name][0]
        assert (question, truth) == (example["question"], example["truth"]), "the record is of other samples"
        axis.imshow(np.asarray(render(made.images[0], 256)), extent=(0, 1, 0, 1))
        axis.axis("off")
        axis.set_title(textwrap.fill(question, 22), fontsize=8.5, weight="normal", loc="center")
        right = example["image"] == truth
        for y, (label, answer, color) in zip((-0.08, -0.62), (
            ("sees it", example["image"] + (" ✓" if right else f" ✗ ({truth})"), style.COLORS["adaptor" if right else "sam"]),
            ("blank", example["blank"] or "(says nothing)", ink.text),
        ), strict=True):  # fmt: skip
            axis.text(0.0, y, f"{label}:", transform=axis.transAxes, va="top", fontsize=8, alpha=0.75)
            axis.text(0.34, y, answer, transform=axis.transAxes, va="top", fontsize=8, weight="bold", color=color)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)
