"""Is a picture in a prompt a set, a sequence or a grid?  Answers when its tokens are reordered, moved or kept apart.

Shapes: B batch, T tokens of a prompt, P image tokens of one image, D decoder width.
"""

import torch
from PIL import Image

from ..decoder import KVCache, rotary_angles
from ..evaluation.tasks import score

SENTENCE = "Here is a picture. Look at it, please."


@torch.no_grad()
def continue_at(model, x, positions, mask=None, steps=64):
    """Continue prompts x [B, T, D], greedily, to ids [B, steps].

    positions [B, T]: where each vector stands; mask: who may look at whom within the prompt, boolean
    [B or 1, 1, T, T], causal if left out.
    """
    decoder, config = model.decoder, model.decoder.config
    B, T, _ = x.shape
    cache = KVCache(config, B, T + steps, x.device, x.dtype)
    new = []
    for _ in range(steps):
        angles = rotary_angles(positions[:, None], config.head_width, config.rope_theta)
        angles = [a.to(x.dtype) for a in angles]
        for layer, block in enumerate(decoder.blocks):
            x = block(x, angles, mask, cache, layer)
        cache.filled += x.shape[1]
        new.append(decoder.head(decoder.norm(x[:, -1])).argmax(dim=-1))
        x = decoder.embed(new[-1][:, None])
        positions, mask = positions[:, -1:] + 1, None
    return torch.stack(new, dim=1)


def prompts(model, processor, asked, image_tokens, text="{image}\n{question}"):
    """Prompts of one question: (embeddings [B, T, D], positions [B, T], where the image stands: boolean [T])."""
    turn = text.format(image=processor.config.image_tag, question=asked[0][1])
    one = [{"role": "User", "content": turn, "images": [Image.new("RGB", (8, 8))]}]
    ids = processor(one)["input_ids"].to(model.device).expand(len(asked), -1)
    positions = torch.arange(ids.shape[1], device=ids.device).expand(ids.shape)
    return model.embed(ids, image_tokens), positions, ids[0] == model.config.image_token_id


def changes(model, processor, asked, image_tokens):
    """{name: a function that gives the answers}: the picture as it is, and otherwise."""
    P = image_tokens.shape[1]
    order = torch.randperm(P, generator=torch.Generator().manual_seed(0)).to(image_tokens.device)
    between = "{image}\n" + SENTENCE + "\n{question}"
    moved = len(processor.tokenizer.encode("\n" + SENTENCE))

    def answer(tokens=image_tokens, text="{image}\n{question}", move=None, apart=False):
        x, at, image = prompts(model, processor, asked, tokens, text)
        at, mask = at.clone(), None
        if move is not None:
            at = move(at, image)
        if apart:
            T = len(image)
            mask = torch.ones(T, T, dtype=torch.bool, device=x.device).tril()
            itself = torch.eye(T, dtype=torch.bool, device=x.device)
            mask = (mask & ~(image[:, None] & image) | itself)[None, None]
        return [processor.decode(ids) for ids in continue_at(model, x, at, mask)]

    def follow(at, image):
        at[:, image] = at[:, image][:, order]
        return at

    def together(at, image):
        at[:, image] = at[:, image][:, :1]
        return at

    def up(at, image):
        return torch.where((torch.arange(len(image), device=at.device) <= image.nonzero().max()), at + moved, at)

    return order, {
        "as it is": answer,
        "tokens shuffled": lambda: answer(image_tokens[:, order]),
        "shuffled, each keeps its position": lambda: answer(image_tokens[:, order], move=follow),
        "all at one position": lambda: answer(move=together),
        "no image token sees another": lambda: answer(apart=True),
        "a sentence before the question": lambda: answer(text=between),
        "the same, positions closed up": lambda: answer(text=between, move=up),
        "the question before the picture": lambda: answer(text="{question}\n{image}"),
    }


def page_marks(said, asked, order=None):
    """The share of each page's characters that an answer has (as `evaluation.tasks.score`), lines and all.

    order: compare with the page as it would read if its symbols stood in this order.
    """
    out = []
    for answer, (_, _, truth) in zip(said, asked, strict=True):
        if order is not None:
            lines = truth.split("\n")
            symbols, wide = "".join(lines), len(lines[0])
            mixed = "".join(symbols[i] for i in order.tolist())
            truth = "\n".join(mixed[i : i + wide] for i in range(0, len(mixed), wide))
        out.append(score(answer, truth, "characters"))
    return out
