"""Record what the shipped model still answers when a picture's tokens are reordered, moved or kept apart.

    python figures/record_image_order.py runs/stage3     # writes image-order.json; about 2 minutes

FOLDER is the shipped model as it was before it practised, which is asked the same (see record_lost.py).  Without it
the record that there is says what that model answered, and what the practised one did before it was taught letters.
"""

import sys

import recorded
import torch

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.probes.image_order import changes, page_marks
from dsvl_min.probes.image_tokens import marks, seen

COUNT, SEED = 200, 0


@torch.no_grad()
def measure(folder):
    """{"rows": {change: {"naming" | "page" | "page in the prompt's order": {"share", "interval"}}}, "count"}."""
    model, processor = dsvl_min.load(folder)
    found = {"count": COUNT, "rows": {}}
    for task in ("naming", "page"):
        asked, low, high = seen(model, processor, task, COUNT, SEED)
        order, answers = changes(model, processor, asked, model.adaptor(low, high))
        for name, answer in answers.items():
            said, row = answer(), found["rows"].setdefault(name, {})
            if task == "naming":
                row[task] = recorded.point(marks(said, asked), "exact")
            else:
                row[task] = recorded.point(page_marks(said, asked), "characters")
                if "shuffled" in name:
                    row["page in the prompt's order"] = recorded.point(page_marks(said, asked, order), "characters")
            print(name, {key: point["share"] for key, point in row.items()}, repr(said[0][:20]), flush=True)
    return found


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    known = recorded.read("image-order")["data"]
    earlier = {"before": known["before"], "practised": known["practised"]}
    if sys.argv[1:]:
        earlier["before"] = measure(sys.argv[1])["rows"]
    recorded.write(
        "image-order",
        "Is a picture in a prompt a set, a sequence or a grid?",
        " ".join(["python figures/record_image_order.py", *sys.argv[1:]]),
        seeds=[SEED],
        data=measure("tiny") | earlier,
        weights=recorded.weights_in(WEIGHTS / "tiny"),
    )
