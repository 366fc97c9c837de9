"""Beside right and wrong: does the model answer in the form asked for, in one language, to an end, and say so when it
can't tell?

What can't be told is asked twice: with a picture that doesn't answer the question, and with one that does.  A model
that went by the question's words alone would decline as often both times.
"""

import re

import torch

from ..data.sources import sample
from ..data.unanswerable import CANT_TELL, ELSEWHERE
from .tasks import TASKS, answers, generated, interval, questions

# What an answer looks like, right or wrong.  Letters are those of the world's alphabet.
FORMS = {
    "naming": r"an? [a-z]+ [a-z]+",
    "grid documents": r"[A-Z0-9\n]+",
    "handwritten digit": r"\d",
    "counting": r"\d",
    "relations": r"left|right|above|below",
    "signs": r"[A-Z0-9]+",
    "ragged documents": r"[A-Z0-9\n]+",
    "free documents": r"[A-Z0-9\n]+",
    "several digits": r"\d+",
}


def pairs(seed, count):
    """Held-out questions asked of two pictures, the first of which can't answer them.

    Returns two lists as long, of (sample, question, answer).
    """
    without, having = [], []
    for index in range(count):
        made = sample("unanswerable", seed, index, "held-out")
        question = made.truth["question"]
        without.append((made, question, CANT_TELL))
        other = sample(ELSEWHERE[question][0], seed, index, "held-out")
        having.append((other, question, dict(other.turns)[question]))
    return without, having


def uncurated(model, processor, seed=0, each=4):
    """What is said to the first `each` held-out questions of every task, and to those that can't be answered.

    A list of dictionaries: task; source, index and difficulty, of which `sample` makes the picture; question, truth,
    said.
    """
    asked = {task.name: questions(task, seed, each) for task in TASKS}
    asked["can't be told"] = pairs(seed, each)[0]
    return [
        {"task": name, "source": made.source, "index": index, "difficulty": made.difficulty, "question": question,
         "truth": truth, "said": said}
        for name, some in asked.items()
        for index, ((made, question, truth), said) in enumerate(
            zip(some, answers(model, processor, some), strict=True)
        )
    ]  # fmt: skip


@torch.no_grad()
def manners(model, processor, seed=0, count=500):
    """Shares of held-out questions, each with its 95 % interval: {name: {"share", "interval", "count"}}.

    stops: answers that the model ended itself; form: those of the form that the task's question asks for; language:
    those without a letter of another script than the question's; declines, declines wrongly: "I can't tell." where the
    picture doesn't answer the question, and where it does.
    """
    stops, form, language = [], [], []
    for task in TASKS:
        asked = questions(task, seed, count)
        for (_, question, _), ids in zip(asked, generated(model, processor, asked), strict=True):
            said = processor.decode(ids)
            stops.append(float((ids == model.config.eos_token_id).any()))
            form.append(float(bool(re.fullmatch(FORMS[task.name], said))))
            language.append(float(said.isascii() == question.isascii()))
    declined = [
        [float(processor.decode(ids) == CANT_TELL) for ids in generated(model, processor, asked)]
        for asked in pairs(seed, count)
    ]
    told = {
        "stops": stops,
        "form": form,
        "language": language,
        "declines": declined[0],
        "declines wrongly": declined[1],
    }
    return {
        name: {"share": round(sum(marks) / len(marks), 4), "interval": interval(marks, "exact"), "count": len(marks)}
        for name, marks in told.items()
    }
