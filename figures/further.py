"""The shipped model's last two rounds: what a reader tells of its tokens, and what the decoder makes of them."""

import style
from letters import rounds
from reading import SOURCES

LETTERS = {name: SOURCES[name] for name in ("signs", "free-documents")}
TOLD = LETTERS | {"counting": ("counts", "green", "X"), "charts": ("charts' values", "purple", "D")}
TASKS = {"signs": "signs", "free documents": "free-documents", "counting": "counting", "chart values": "charts"}


def draw(ink):
    tasks = {task: TOLD[source] for task, source in TASKS.items()}
    return rounds(ink, (" and charts", " further"), TOLD, tasks, "a reader: single characters, objects, marks")


if __name__ == "__main__":
    style.main(draw, __file__)
