"""What an image token has to be: other tokens in the place of the trained ones, and what the decoder still answers.

Shapes: N images, P image tokens of each, D decoder width, V vocabulary.
"""

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from ..evaluation.tasks import TASKS, questions
from .ideal import exact, letters_right

ASKED = {"page": "grid documents", "naming": "naming"}  # what is asked -> the task
FITTED = ("naming", "grid documents", "handwritten digit", "counting", "relations", "signs")  # what a map is fitted to


@torch.no_grad()
def seen(model, processor, name, count, seed=0, split="held-out"):
    """Pictures of one task and both encoders' tokens of them: (asked, low [N, P, ·], high [N, P, ·]).

    asked: as `evaluation.tasks.questions` gives it.
    """
    (task,) = (t for t in TASKS if t.name == ASKED.get(name, name))
    asked = questions(task, seed, count, split)
    pixels = processor.pixels([made.pictures(128)[0] for made, _, _ in asked])
    return asked, *model.vision(*(x.to(model.device, model.dtype) for x in pixels.values()))


@torch.no_grad()
def say(model, processor, asked, image_tokens, text="{image}\n{question}"):
    """The model's answers when image_tokens [N, P, D] stand where its own would.

    text: the user's turn; the picture stands at {image}, which may be anywhere.
    """
    tag, empty = processor.config.image_tag, Image.new("RGB", (8, 8))
    turns = [text.format(image=tag, question=question) for _, question, _ in asked]
    prompts = processor([[{"role": "User", "content": turn, "images": [empty]}] for turn in turns])
    model.image_embeddings = lambda *pixels: image_tokens.to(model.dtype)
    try:
        ids = model.generate(**prompts.to(model.device, model.dtype), max_new_tokens=64)
    finally:
        del model.image_embeddings
    return [processor.decode(row) for row in ids]


def marks(said, asked):
    """A mark from 0 to 1 for each answer: of a page the share of letters in their places, else right or wrong."""
    page = asked[0][1] == "Read the text."
    mark = letters_right if page else exact
    return [mark(answer, truth) for answer, (_, _, truth) in zip(said, asked, strict=True)]


def straight(inputs, outputs):
    """The linear map and constant that come nearest to outputs [·, D] from inputs, in least squares: an nn.Linear."""
    ones = torch.ones(len(inputs), 1, dtype=torch.float64, device=inputs.device)
    solved = torch.linalg.lstsq(torch.cat([inputs.double(), ones], dim=1), outputs.double()).solution
    made = nn.Linear(inputs.shape[1], outputs.shape[1], device=inputs.device, dtype=inputs.dtype)
    made.weight.data, made.bias.data = solved[:-1].T.to(inputs.dtype).contiguous(), solved[-1].to(inputs.dtype)
    return made.requires_grad_(False)


def halves_joined(low, high):
    """Both encoders' tokens side by side, high resolution first."""
    return torch.cat([high, low], dim=-1)


def nearest_word(image_tokens, words):
    """Each token turned to where the nearest row of words [V, D] points, by angle; its length stays."""
    words = F.normalize(words, dim=-1)
    cosine = F.normalize(image_tokens, dim=-1) @ words.T
    return words[cosine.argmax(dim=-1)] * image_tokens.norm(dim=-1, keepdim=True)


def letters_of(asked, processor):
    """The ids of a page's symbols, one for each image token: [N, P]."""
    pages = [truth.replace("\n", "") for _, _, truth in asked]
    return torch.tensor([[processor.tokenizer.encode(symbol)[0] for symbol in page] for page in pages])


@torch.no_grad()
def variants(model, processor, count=100, seed=77):
    """{name: function (low, high) -> image tokens}: the adaptor, and what might do its work.

    What has to be fitted (one linear map, the mean of either half) is fitted to `count` training pictures of each kind.
    """
    pictures = [seen(model, processor, name, count, seed, "train")[1:] for name in FITTED]
    low, high = (torch.cat(tokens).flatten(0, 1) for tokens in zip(*pictures, strict=True))
    adaptor, words, size = model.adaptor, model.decoder.embed.weight, model.decoder.embed.weight.norm(dim=1).mean()
    target = adaptor(low, high)
    linear = straight(halves_joined(low, high), target)
    low, high, mean = low.mean(0), high.mean(0), target.mean(0)
    return {
        "the adaptor": adaptor,
        "its GELU left out": lambda a, b: adaptor.out(torch.cat([adaptor.high(b), adaptor.low(a)], dim=-1)),
        "one linear map instead": lambda a, b: linear(halves_joined(a, b)),
        "as long as a word": lambda a, b: size * F.normalize(adaptor(a, b), dim=-1),
        "turned to the nearest word": lambda a, b: nearest_word(adaptor(a, b), words),
        "SAM's half alone": lambda a, b: adaptor(low.expand_as(a), b),
        "SigLIP's half alone": lambda a, b: adaptor(a, high.expand_as(b)),
        "every token the mean": lambda a, b: mean.expand(*a.shape[:-1], -1),
    }
