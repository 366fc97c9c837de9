"""Record what the shipped model still answers when something else stands in the adaptor's place.

    python figures/record_image_tokens.py runs/stage3    # writes image-tokens.json; about 2 minutes

FOLDER is the shipped model as it was before it practised, which is asked the same (see record_lost.py).  Without it
the record that there is says what that model answered, and what the practised one did before it was taught letters.
"""

import sys

import recorded
import torch
from torch.nn import functional as F

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.probes.image_tokens import ASKED, letters_of, marks, say, seen, variants

COUNT, SEED, FIT, FIT_SEED = 200, 0, 100, 77
LETTERS = ("the letters themselves", "the letters, as long as image tokens")


@torch.no_grad()
def measure(folder):
    """{"rows": {variant: {task: {"share", "interval"}}}, "count", "fitted": pictures of each kind}."""
    model, processor = dsvl_min.load(folder)
    made = variants(model, processor, FIT, FIT_SEED)
    found = {"count": COUNT, "fitted": FIT, "rows": {name: {} for name in (*made, *LETTERS)}}
    for name in ASKED:
        asked, low, high = seen(model, processor, name, COUNT, SEED)
        tokens = {variant: adapt(low, high) for variant, adapt in made.items()}
        if name == "page":
            letters, long = model.decoder.embed(letters_of(asked, processor)), tokens["the adaptor"].norm(dim=-1).mean()
            tokens |= dict(zip(LETTERS, (letters, long * F.normalize(letters, dim=-1)), strict=True))
        for variant, given in tokens.items():
            got = marks(say(model, processor, asked, given), asked)
            found["rows"][variant][name] = told = recorded.point(got, "characters" if name == "page" else "exact")
            print(f"{name:8}{variant:26}{told['share']:.1%}", flush=True)
    return found


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    known = recorded.read("image-tokens")["data"]
    earlier = {"before": known["before"], "practised": known["practised"]}
    if sys.argv[1:]:
        earlier["before"] = measure(sys.argv[1])["rows"]
    recorded.write(
        "image-tokens",
        "What is still answered when something else stands in the adaptor's place?",
        " ".join(["python figures/record_image_tokens.py", *sys.argv[1:]]),
        seeds=[SEED, FIT_SEED],
        data=measure("tiny") | earlier,
        weights=recorded.weights_in(WEIGHTS / "tiny"),
    )
