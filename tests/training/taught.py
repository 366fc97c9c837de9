"""What test_letters starts: a small model is taught letters for a few steps, by some processes that are forked.

Its weights before and after, and the losses, are left in a folder.

taught.py FOLDER STEPS PROCESSES
"""

import json
import sys
from pathlib import Path

import torch

import dsvl_min
from dsvl_min.init import initialise
from dsvl_min.model import DeepSeekVL
from dsvl_min.training.letters import Shown, new_reader, teach
from dsvl_min.training.ranks import forked, together

torch.set_num_threads(1)
folder, steps, processes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
shipped, processor = dsvl_min.load("tiny")
model = initialise(DeepSeekVL(shipped.config))
read = Shown(model, processor, [("signs", 8, 0.0, 1.0), ("charts", 8, 0.0, 1.0)], 0, workers=1)
held = Shown(model, processor, [("naming", 4, 0.0, 1.0)], 0, workers=1)


def work():
    """In each process."""
    start = {name: weight.clone() for name, weight in model.state_dict().items()}
    reader, looked = new_reader(model), []
    with together(device="cpu") as ranks:
        lines = teach(model, reader, read, held, steps, folder, 8, quiet=True, look=looked.append, ranks=ranks)
        if ranks.first:
            torch.save((start, model.state_dict()), folder / "weights.pt")
            told = {"losses": [line["loss"] + line["moved"] for line in lines], "looked": looked}
            (folder / "told.json").write_text(json.dumps(told))
        else:
            assert not looked


forked(work, processes)
