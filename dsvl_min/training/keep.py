"""Checkpoints of a run in progress: written whole or not at all, proved before they are believed, pruned.

A checkpoint is two files: NAME-STEP.pt, what `torch.save` writes of plain containers and tensors, and NAME-STEP.json
beside it, written last, with the hash of the first.  So a run that is killed at any moment leaves checkpoints that are
complete, or that are known not to be.
"""

import hashlib
import io
import json
import re
import sys
from contextlib import suppress
from pathlib import Path

import torch

from ..checkpoint import write_atomically


def forget(folder):
    """Delete the checkpoints in a folder, and the folder if nothing else is in it."""
    for path in Path(folder).glob("*-[0-9][0-9][0-9][0-9][0-9][0-9].*"):
        path.unlink()
    with suppress(OSError):
        Path(folder).rmdir()


class Keeper:
    """Checkpoints of one stage in a folder: the newest `keep`, one every `every` steps.

    say: where messages go.  Raises ValueError if `every` or `keep` is below 1.
    """

    def __init__(self, folder, name, every=100, keep=2, say=None):
        if every < 1 or keep < 1:
            raise ValueError(f"a checkpoint is written every step at most and one is kept at least: {every}, {keep}")
        self.folder, self.name, self.every, self.keep = Path(folder), name, every, keep
        self.say = say or (lambda text: print(text, file=sys.stderr, flush=True))

    def due(self, step):
        """Is a checkpoint to be written when `step` steps are done?"""
        return step % self.every == 0

    def save(self, step, state):
        """Write the state after `step` steps, then forget the oldest; False, with a message, if the disk won't take it.

        A run isn't ended for that: it goes on, and the checkpoints before it stay.
        """
        buffer = io.BytesIO()
        torch.save(state, buffer)
        data = buffer.getvalue()
        path = self.path(step)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
            told = {"step": step, "sha256": hashlib.sha256(data).hexdigest()}
            write_atomically(path.with_suffix(".json"), json.dumps(told).encode())
        except OSError as error:
            path.unlink(missing_ok=True)
            before = max(self.steps(), default=None)
            kept = "no checkpoint yet" if before is None else f"the checkpoint of step {before} stays"
            self.say(f"{self.name}: step {step} could not be saved ({error}); training goes on, {kept}")
            return False
        for old in sorted(self.steps())[: -self.keep]:
            self.forget(old)
        return True

    def newest(self):
        """(step, state) of the newest checkpoint that is whole, or None; each one that isn't is named in a message."""
        for step in sorted(self.steps(), reverse=True):
            path = self.path(step)
            try:
                data = path.read_bytes()
                told = json.loads(path.with_suffix(".json").read_bytes())
                if hashlib.sha256(data).hexdigest() != told["sha256"]:
                    raise ValueError("its content is not what was written")
                return step, torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
            except (OSError, ValueError, KeyError, TypeError) as error:
                self.say(f"{path} can't be used ({error}); looking for one before it")
        return None

    def steps(self):
        """The steps of which there is a checkpoint, whole or not, in no order."""
        form = re.compile(re.escape(self.name) + r"-(\d+)\.pt")
        found = map(form.fullmatch, (p.name for p in self.folder.glob("*.pt")))
        return [int(match[1]) for match in found if match]

    def path(self, step):
        """The file of a step's tensors."""
        return self.folder / f"{self.name}-{step:06}.pt"

    def forget(self, step):
        """Delete one checkpoint, its proof first."""
        self.path(step).with_suffix(".json").unlink(missing_ok=True)
        self.path(step).unlink(missing_ok=True)

    def clear(self):
        """Delete them all: the stage is finished."""
        for step in self.steps():
            self.forget(step)
