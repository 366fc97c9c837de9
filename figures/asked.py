"""Five held-out pictures, each asked about twice: as it is, and blanked."""

import textwrap

import numpy as np
import style

from dsvl_min.data.world import render
from dsvl_min.evaluation.tasks import TASKS, questions, score

SHOWN = ("naming", "counting", "relations", "grid documents", "handwritten digit")
LINES = 2  # of an answer that are printed


def told(answer, truth, kind):
    """The answer as the figure prints it, and whether it is right."""
    lines = answer.splitlines() or ["(nothing)"]
    shown = "\n".join(lines[:LINES]) + ("\n…" if len(lines) > LINES else "")
    if kind == "characters":
        share, between = score(answer, truth, kind), " " if len(lines) > LINES else "\n"
        return f"{shown}{between}{share:.0%} right", share > 0.8
    return shown, answer == truth


def draw(ink, shown=SHOWN):
    """One column a task: its first sample, and what the shipped model says."""
    evaluation = style.result("tiny")["evaluation"]
    figure = style.figure(ink, 1.84 * len(shown), 3.9)
    figure.get_layout_engine().set(rect=(0, 0, 1, 0.96))  # a question of three lines stands higher than it reserves
    axes = figure.subplots(2, len(shown), height_ratios=[3, 2])
    for (above, below), name in zip(axes.T, shown, strict=True):
        task = next(t for t in TASKS if t.name == name)
        ((made, question, truth),) = questions(task, evaluation["seed"], 1)
        example = evaluation["examples"][name][0]
        assert (question, truth) == (example["question"], example["truth"]), "the record is of other samples"
        above.imshow(np.asarray(render(made.images[0], 512)), extent=(0, 1, 0, 1))
        above.set_title(textwrap.fill(question, 22), fontsize=9, weight="normal", loc="center")
        for axis in (above, below):
            axis.axis("off")
        for y, (label, control) in zip((1.0, 0.36), (("sees it", "image"), ("blank", "blank")), strict=True):
            answer, right = told(example[control], truth, task.score)
            color = ink.colors["green"] if right else ink.colors["orange"] if control == "image" else ink.text
            below.text(0.0, y, label, va="top", fontsize=9.5, color=ink.quiet)
            if control == "image":
                below.text(0.27, y, "✓" if right else "✗", va="top", fontsize=10, color=color)
            below.text(0.38, y, answer, va="top", fontsize=10, weight="bold", color=color)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)
