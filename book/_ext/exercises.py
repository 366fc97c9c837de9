"""Exercises on the page: a box with the task, one solution folded, a note where package code stands."""

import re

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

ANSWER = re.compile(r"^:answer: *(\S+) *$", re.MULTILINE)
SHOWN, HIDDEN = "Show one solution", "Hide the solution"


def fold(source):
    """A master's text with the answers' code folded away."""
    prompts = f"{{code_prompt_show: {SHOWN}, code_prompt_hide: {HIDDEN}}}"
    return ANSWER.sub(rf":answer: \1\n:tags: [hide-input]\n:mystnb: {prompts}", source)


class Exercise(SphinxDirective):
    """```{exercise} TITLE with :name:, :difficulty: (1 to 5) and :minutes:.  master.py checks the rest."""

    has_content = True
    required_arguments, final_argument_whitespace = 1, True
    option_spec = {"name": directives.unchanged_required, "difficulty": int, "minutes": int}

    def run(self):
        exercises = self.env.temp_data.setdefault("dsvl_exercises", [])
        exercises.append(self.options["name"])
        chapter = int(self.env.docname.split("/")[-1][:2])
        box = nodes.admonition(classes=["admonition", "exercise"])
        label = f"Exercise {chapter}.{len(exercises)}: "
        parsed, _ = self.state.inline_text(self.arguments[0], self.lineno)
        box += nodes.title("", label, *parsed)
        difficulty, minutes = self.options["difficulty"], self.options["minutes"]
        box += nodes.paragraph("", f"Difficulty {difficulty} of 5, about {minutes} minutes.", classes=["exercise-cost"])
        self.state.nested_parse(self.content, self.content_offset, box)
        self.add_name(box)
        return [box]


class Solution(SphinxDirective):
    """```{solution} EXERCISE: what the solution shows, folded."""

    has_content = True
    required_arguments = 1

    def run(self):
        exercises = self.env.temp_data.get("dsvl_exercises", [])
        chapter = int(self.env.docname.split("/")[-1][:2])
        box = nodes.admonition(classes=["admonition", "solution", "dropdown"])
        box += nodes.title("", f"Solution {chapter}.{exercises.index(self.arguments[0]) + 1}")
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def package_note(dotted, docname):
    """ "In the package: …" under a cell whose code is the package's, linked to the reference."""
    note = nodes.paragraph("", "In the package: ", classes=["package-note"])
    link = addnodes.pending_xref(
        "", nodes.literal("", dotted), refdomain="py", reftype="obj", reftarget=dotted, refexplicit=True,
        refdoc=docname, refwarn=True,
    )  # fmt: skip
    note += link
    return note


def setup(app):
    app.add_directive("exercise", Exercise)
    app.add_directive("solution", Solution)
