"""Checks of the model's parts.  Each takes a function or class with the signature of the package's own.

A class is given the package's random weights under the package's names, so it must keep those names.
"""

import copy

import torch

from .. import ModelConfig, attention, decoder, model, processor, siglip
from ..checkpoint import WEIGHTS
from ..config import IGNORE
from ..sam import SamEncoder
from ..tokenizer import Tokenizer
from .judge import Wrong, call, compare, exercise, wrong

IMAGENET = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def shaken(module, scale=0.3):
    """A module in evaluation mode whose every weight is random, those that start at zero or one too."""
    generator = torch.Generator().manual_seed(0)
    for p in module.parameters():
        p.data.add_(scale * torch.randn(p.shape, generator=generator))
    return module.eval()


def randn(*shape):
    """Normal noise, the same for the same shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def built(attempt, config, reference):
    """The attempted class with the reference's weights.  Raises Wrong where names or shapes differ."""
    made = call(attempt, config)
    try:
        made.load_state_dict(reference.state_dict())
    except (RuntimeError, AttributeError) as error:
        lines = str(error).splitlines()
        raise Wrong("the package's weights don't fit your class: " + " ".join(lines[1:4]).strip()) from None
    return made.eval()


@exercise(attention.attend)
@torch.no_grad()
def attend(attempt):
    """attend(query, key, value, causal=False): softmax(query keyᵀ / √E) value."""
    query, key, value = randn(2, 3, 5, 8), randn(2, 3, 5, 8) + 0.1, randn(2, 3, 5, 8) * 2

    def attention_of(scale=8**-0.5, mask=None, dim=-1):
        scores = query @ key.transpose(-2, -1) * scale
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(dim=dim) @ value

    compare(
        call(attempt, query, key, value), attention_of(), "the output",
        [("forgotten 1/√d", attention_of(1.0)), ("divided by d", attention_of(1 / 8)),
         ("softmax over the queries", attention_of(dim=-2))],
    )  # fmt: skip
    whole = torch.ones(5, 5, dtype=torch.bool)
    got, want = call(attempt, query, key, value, causal=True), attention_of(mask=whole.tril())
    mistakes = [("mask off by one: the future is seen", attention_of(mask=whole.tril(1))),
                ("mask off by one: blind to itself", attention_of(mask=whole.tril(-1)))]  # fmt: skip
    later = slice(1, None)  # the first query of a mask that is blind to itself sees nothing: NaN, or anything
    compare(got[:, :, later], want[:, :, later], "the causal output", [(n, m[:, :, later]) for n, m in mistakes])
    compare(got, want, "the causal output")
    return "equal to softmax(q kᵀ / √E) v, with and without the mask."


@exercise(siglip.Mlp)
@torch.no_grad()
def mlp(attempt):
    """Mlp(width, hidden): up, exact GELU, down."""
    reference, x = shaken(siglip.Mlp(6, 12)), 2 * randn(3, 4, 6)
    made = call(attempt, 6, 12)
    made.load_state_dict(reference.state_dict())
    tanh = reference.down(torch.nn.functional.gelu(reference.up(x), approximate="tanh"))
    compare(call(made, x), reference(x), "the output", [("tanh GELU", tanh)], tolerance=1e-5)


@exercise(siglip.SiglipEncoder)
@torch.no_grad()
def siglip_encoder(attempt):
    """SiglipEncoder(config): pixels [B, 3, S, S] to tokens [B, N, D]."""
    config = ModelConfig.preset("tiny").siglip
    reference, pixels = shaken(siglip.SiglipEncoder(config)), randn(2, 3, config.image_size, config.image_size)
    tokens = reference(pixels)
    placeless = copy.deepcopy(reference)
    placeless.positions.data.zero_()
    first = tokens[:, :1]
    mistakes = [("only the class token kept", first), ("only the class token kept", first[:, 0]),
                ("only the class token kept", first.expand_as(tokens)),
                ("positions missing", placeless(pixels))]  # fmt: skip
    compare(call(built(attempt, config, reference), pixels), tokens, "the tokens", mistakes)


@exercise(SamEncoder)
@torch.no_grad()
def sam_encoder(attempt):
    """SamEncoder(config): pixels [B, 3, S, S] to tokens [B, t², 4C], both paths."""
    config = ModelConfig.preset("tiny").sam
    reference, pixels = shaken(SamEncoder(config), 0.1), randn(1, 3, config.image_size, config.image_size)
    reference.alpha.data.fill_(0.7)
    tokens = reference(pixels)
    late, _ = reference.embed(pixels)
    main = reference.downsample(reference.neck(late)).flatten(2).transpose(1, 2)
    compare(call(built(attempt, config, reference), pixels), tokens, "the tokens", [("alpha branch missing", main)])


@exercise(processor.normalise)
def normalise(attempt):
    """normalise(pixels [N, 3, S, S] in 0..1, encoder's config): (pixels - mean) / std."""
    for config in (ModelConfig.preset("7b").siglip, ModelConfig.preset("tiny").sam):
        pixels = randn(2, 3, 4, 4).sigmoid()
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (config.mean, config.std))
        theirs, spread = (v.view(3, 1, 1) for v in IMAGENET)
        mistakes = [("wrong mean", (pixels - theirs) / spread), ("wrong mean", (pixels - theirs) / std),
                    ("mean forgotten", pixels / std),
                    ("pixels from 0 to 255", (255 * pixels - mean) / std)]  # fmt: skip
        compare(call(attempt, pixels, config), (pixels - mean) / std, "the pixels", mistakes)


def _processor():
    return processor.Processor(Tokenizer.load(WEIGHTS / "tiny" / "tokenizer.json"), ModelConfig.preset("tiny"))


@exercise(processor.Processor.tokens)
def labels(attempt):
    """labels(processor, conversation): (ids, labels), -100 everywhere but on answers and their end tokens."""
    from PIL import Image

    own = _processor()
    picture = Image.new("RGB", (8, 8))
    asked = [("User", "<image_placeholder>\nWhat is it?", [picture]), ("Assistant", "a red heart", []),
             ("User", "And now?", []), ("Assistant", "still", [])]  # fmt: skip
    conversation = [{"role": r, "content": c, "images": i} for r, c, i in asked]
    want_ids, want = own.tokens(conversation)
    got_ids, got = attempt(own, conversation)
    if list(got_ids) != want_ids:
        raise Wrong(
            "the token ids themselves differ from the package's; the labels are only judged beside the same ids"
        )
    if len(got) != len(want):
        raise Wrong(f"there are {len(want)} ids and {len(got)} labels; there must be one for each")
    extra = [i for i, (g, w) in enumerate(zip(got, want, strict=True)) if w == IGNORE and g != IGNORE]
    missing = [i for i, (g, w) in enumerate(zip(got, want, strict=True)) if w != IGNORE and g == IGNORE]
    image = [i for i in extra if want_ids[i] == own.config.image_token_id]
    if extra:
        raise wrong("labels unmasked on the image" if len(image) == len(extra) else "labels unmasked on the prompt")
    if missing and all(want_ids[i] == own.config.eos_token_id for i in missing):
        raise wrong("end token not supervised")
    if list(got) != want:
        first = next(i for i, (g, w) in enumerate(zip(got, want, strict=True)) if g != w)
        raise Wrong(f"label {first} is {got[first]}, where {want[first]} was expected: shift nothing here, a label "
                    "stands at its own token's place")  # fmt: skip


@exercise(processor.Processor.pad)
def pad(attempt):
    """pad(processor, rows of (ids, labels)): input_ids and attention_mask [B, T], padded on the left."""
    own = _processor()
    rows = [([5, 6, 7], [IGNORE] * 3), ([8], [IGNORE])]
    want, got = own.pad(rows), attempt(own, rows)
    fill = own.config.pad_token_id
    right = torch.tensor([[5, 6, 7], [8, fill, fill]])
    compare(got["input_ids"], want["input_ids"], "input_ids", [("right padding", right)])
    ones = torch.ones_like(want["attention_mask"])
    compare(got["attention_mask"], want["attention_mask"], "attention_mask", [("padding attended", ones)])


@exercise(model.next_token_loss)
def loss(attempt):
    """next_token_loss(logits [B, T, V], labels [B, T]): mean cross-entropy over the labels that count."""
    logits, labelled = randn(2, 6, 9), torch.tensor([[IGNORE, IGNORE, 3, 4, 5, 2], [IGNORE] * 4 + [7, 2]])
    want = model.next_token_loss(logits, labelled)
    entropy = torch.nn.functional.cross_entropy
    same = entropy(logits.flatten(0, 1), labelled.flatten(), ignore_index=IGNORE)
    all_of_them = want * (labelled[:, 1:] != IGNORE).sum() / labelled[:, 1:].numel()
    every = want * (labelled[:, 1:] != IGNORE).sum() / labelled.numel()
    mistakes = [
        ("labels not shifted", same),
        ("mean over every position", all_of_them),
        ("mean over every position", every),
    ]
    compare(call(attempt, logits, labelled), want, "the loss", mistakes)


@exercise(decoder.Decoder)
@torch.no_grad()
def cached_decoder(attempt):
    """Decoder(config): the same hidden states for a whole sequence and, with a cache, step by step."""
    config = ModelConfig.preset("tiny").decoder
    reference, x = shaken(decoder.Decoder(config), 0.1), randn(2, 6, config.width)
    made, want = built(attempt, config, reference), reference(x)
    compare(call(made, x), want, "the hidden states of a whole sequence")
    cache = decoder.KVCache(config, 2, 6)
    compare(made(x[:, :2], None, cache), want[:, :2], "the hidden states of the prompt, with a cache")
    for step in range(2, 6):
        got = made(x[:, step : step + 1], None, cache)
        if not torch.allclose(got, want[:, step : step + 1], atol=1e-4):
            raise wrong("positions added at each step", f"It went wrong at step {step - 1} after the prompt.")
