"""What test_ranks starts with torchrun: a small model trained for a few steps.

Its weights before and after and its losses are left in a folder.

torchrun … ranked.py FOLDER STEPS [shard] [ungrouped] [packing] [stop=N]
"""

import json
import os
import signal
import sys
from pathlib import Path

import test_trainer
import torch

import dsvl_min
from dsvl_min.init import initialise
from dsvl_min.model import DeepSeekVL
from dsvl_min.training import trainer
from dsvl_min.training.ranks import together
from dsvl_min.training.stages import Share
from dsvl_min.training.trainer import run_stage

torch.set_num_threads(1)
folder, steps, *words = sys.argv[1:]
options = {word.split("=")[0]: word.split("=")[-1] for word in words}
shipped, processor = dsvl_min.load("tiny")
# Its weights have hardly a gradient left on these samples, and Muon makes a step of its rounding: so all are new.
model, processor, pool, texts = test_trainer.small.__wrapped__((initialise(DeepSeekVL(shipped.config)), processor))
start = {name: weight.clone() for name, weight in model.state_dict().items()}
stage = test_trainer.stage(
    lr={"adaptor": 1e-3, "necks": 1e-3, "decoder": 1e-3, "siglip": 1e-3}, steps=int(steps), batch=12, text_share=0.4,
    text_mix=(Share("repeats", 1),), grouped="ungrouped" not in options, muon={"decoder": 0.01},
    packing="packing" in options, length=120,
)  # fmt: skip
if "stop" in options and os.environ["RANK"] == "0":  # as Ctrl-C would, in the middle of a step, at one rank alone
    trainer_step = trainer.Batches.__call__

    def stops(batches, step):
        if step == int(options["stop"]) - 1:
            os.kill(os.getpid(), signal.SIGINT)
        return trainer_step(batches, step)

    trainer.Batches.__call__ = stops
with together("shard" in options, "cpu") as ranks:
    lines = run_stage(model, processor, stage, pool, texts, folder, quiet=True, every=3, ranks=ranks)
    if ranks.first:
        torch.save((start, model.state_dict()), Path(folder) / "weights.pt")
        (Path(folder) / "losses.json").write_text(json.dumps([line["loss"] for line in lines]))
