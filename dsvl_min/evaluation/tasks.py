"""Does it answer, and does it look?  Each task is asked four times.

With the right image; with a blank one; with another sample's image; with none.  An answer that survives the
last three did not come from the picture.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from tqdm import tqdm

from ..checkpoint import write_atomically
from ..config import ConfigError
from ..data.sources import sample

CONTROLS = ("image", "blank", "shuffled", "none")


@dataclass(frozen=True)
class Task:
    """A question asked of held-out samples.

    name: how tables call it; source, difficulty: where its samples come from; question: the one to ask of
    each sample, or how it begins, or "" for the sample's first; score: see the function `score`.
    """

    name: str
    source: str
    difficulty: float = 1.0
    question: str = ""
    score: str = "exact"


TASKS = (
    Task("naming", "naming", question="What is in the image?"),
    Task("grid documents", "documents", difficulty=0.4, question="Read the text.", score="characters"),
    Task("handwritten digit", "digits", question="Which digit is written here?"),
    Task("counting", "counting"),
    Task("relations", "relations"),
    Task("signs", "signs", question="What does the sign say?"),
    Task("ragged documents", "documents", difficulty=0.6, question="Read the text.", score="characters"),
    Task("free documents", "free-documents", question="Read the text.", score="characters"),
    Task("several digits", "several-digits", question="Which digits are written here?"),
)
# Not in TASKS: stages 0 to 6 show no chart.
CHARTS = Task("chart values", "charts", question="What is the value ", score="tenth")


def named(names):
    """The tasks of these names, in the table's order.  Raises ConfigError for a name unknown."""
    known = (*TASKS, CHARTS)
    unknown = sorted(set(names) - {t.name for t in known})
    if unknown:
        raise ConfigError(f"no task {', '.join(unknown)}; the tasks are {', '.join(t.name for t in known)}")
    return tuple(t for t in known if t.name in names)


def edit_distance(a, b):
    """How many insertions, deletions and replacements turn one string into the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def score(answer, truth, kind):
    """What an answer is worth, from 0 to 1.

    "exact": 1 for the whole answer, else 0.  "characters": one minus the share of characters to edit, at least 0.
    "tenth": 1 for a number within a tenth of the true one, else 0.
    """
    if kind == "exact":
        return float(answer == truth)
    if kind == "tenth":
        return float(answer.isdecimal() and abs(int(answer) - int(truth)) <= int(truth) / 10)
    return max(0.0, 1.0 - edit_distance(answer, truth) / max(1, len(truth)))


def interval(marks, kind, z=1.96):
    """95 % interval of the mean of some scores: Wilson's for yes-or-no ones, by their spread for "characters"."""
    n, mean = len(marks), sum(marks) / len(marks)
    if kind != "characters":
        centre, reach = mean + z * z / (2 * n), z * math.sqrt(mean * (1 - mean) / n + z * z / (4 * n * n))
        low, high = ((centre + side * reach) / (1 + z * z / n) for side in (-1, 1))
    else:
        reach = z * math.sqrt(sum((m - mean) ** 2 for m in marks) / (n - 1) / n)
        low, high = mean - reach, mean + reach
    return [round(max(0.0, low), 4), round(min(1.0, high), 4)]


def questions(task, seed, count, split="held-out"):
    """`count` samples of a task with the question asked and the answer expected: [(sample, question, answer)]."""
    asked = []
    for index in range(count):
        made = sample(task.source, seed, index, split, task.difficulty)
        question = next(question for question, _ in made.turns if question.startswith(task.question))
        asked.append((made, question, dict(made.turns)[question]))
    return asked


def answers(model, processor, asked, control="image", batch=50, max_new_tokens=64):
    """The model's own words, greedily, for each (sample, question, answer) under one control."""
    return [processor.decode(ids) for ids in generated(model, processor, asked, control, batch, max_new_tokens)]


def generated(model, processor, asked, control="image", batch=50, max_new_tokens=64):
    """What `answers` are decoded from: for each a row of new tokens, filled up with the padding token after its end."""
    size = (model.config.sam or model.config.siglip).image_size
    pictures = [made.pictures(size) for made, _, _ in asked]
    if control == "blank":
        mean = tuple(int(255 * m) for m in (model.config.sam or model.config.siglip).mean)
        pictures = [[Image.new("RGB", (size, size), mean)] * len(images) for images in pictures]
    elif control == "shuffled":
        pictures = pictures[1:] + pictures[:1]
    elif control == "none":
        pictures = [[] for _ in pictures]
    elif control != "image":
        raise ValueError(f"no control {control!r}; the controls are {', '.join(CONTROLS)}")
    out = []
    for start in range(0, len(asked), batch):
        conversations = [
            [
                {
                    "role": "User",
                    "content": (processor.config.image_tag + "\n") * len(images) + question,
                    "images": images,
                }
            ]
            for images, (_, question, _) in zip(
                pictures[start : start + batch], asked[start : start + batch], strict=True
            )
        ]
        inputs = processor(conversations).to(model.device, model.dtype)
        out += model.generate(**inputs, max_new_tokens=max_new_tokens)
    return out


def evaluate(model, processor, seed=0, count=500, tasks=TASKS, controls=CONTROLS, quiet=False):
    """The table: {"tasks": {task: {control: mean score, "interval": {control: [low, high]}}}, "seed", "count",
    "examples"}.

    Samples are held out: no training run draws from that split, whatever its seed.  examples: the answers to each
    task's first eight questions, under every control.
    """
    if count < 2:
        raise ValueError(f"count must be at least 2, so that images can be exchanged; got {count}")
    table, examples = {}, {}
    bar = tqdm(total=len(tasks) * len(controls), desc="evaluating", disable=quiet, unit="run")
    for task in tasks:
        asked = questions(task, seed, count)
        table[task.name] = {"score": task.score, "interval": {}}
        examples[task.name] = [{"question": question, "truth": truth} for _, question, truth in asked[:8]]
        for control in controls:
            said = answers(model, processor, asked, control)
            marks = [score(s, truth, task.score) for s, (_, _, truth) in zip(said, asked, strict=True)]
            table[task.name][control] = round(sum(marks) / len(marks), 4)
            table[task.name]["interval"][control] = interval(marks, task.score)
            for example, answer in zip(examples[task.name], said, strict=False):
                example[control] = answer
            bar.update()
    bar.close()
    return {"seed": seed, "count": count, "tasks": table, "examples": examples}


def margins(result):
    """{task: its score with the right image minus the best score among the controls}."""
    return {
        name: round(row["image"] - max(row[c] for c in CONTROLS[1:] if c in row), 4)
        for name, row in result["tasks"].items()
    }


def as_table(result):
    """The result as text, a row a task."""
    width = max(len(name) for name in result["tasks"]) + 2
    controls = [c for c in CONTROLS if c in next(iter(result["tasks"].values()))]
    lines = ["task".ljust(width) + "".join(c.rjust(10) for c in controls)]
    for name, row in result["tasks"].items():
        unit = " (characters)" if row["score"] == "characters" else ""
        lines.append(name.ljust(width) + "".join(f"{row[c]:10.1%}" for c in controls) + unit)
    return "\n".join(lines)


def write_json(result, path):
    """Write the result to a file, creating its folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(result, indent=1, ensure_ascii=False).encode())


@torch.no_grad()
def bits_per_byte(model, processor, paragraphs, length=256):
    """How many bits the decoder needs for each byte of real text; lower is better.

    Each paragraph is read on its own, cut to `length` tokens.
    """
    bits = count = 0.0
    for paragraph in paragraphs:
        ids = processor.tokenizer.encode(paragraph)[: length - 1]
        read = torch.tensor([[processor.config.bos_token_id, *ids]], device=model.device)
        logits = model.decoder.head(model.decoder(model.decoder.embed(read)))[0, :-1]
        bits -= float(logits.log_softmax(dim=-1).gather(1, read[0, 1:, None]).sum()) / 0.6931471805599453
        count += len(processor.tokenizer.decode(ids).encode())
    return bits / count
