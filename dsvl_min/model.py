"""DeepSeek-VL: image tokens placed into text, one decoder over both.

Source: paper section 3.1-3.2; released modeling_vlm.py.

Shapes: B conversations, T tokens, N images in the whole batch, P image tokens per image,
D decoder width, V vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from .adaptor import FORMS
from .config import IGNORE
from .decoder import LAST, Decoder, KVCache
from .decoding import helps, stepper
from .hybrid import HybridVisionEncoder


@dataclass
class Output:
    """logits [B, T, V]; loss, a scalar, where labels were given."""

    logits: torch.Tensor
    loss: torch.Tensor | None = None


class DeepSeekVL(nn.Module):
    """vision encoder -> adaptor -> decoder.  config: a ModelConfig; weights are random."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.vision = HybridVisionEncoder(config)
        self.adaptor = FORMS[config.adaptor](config)
        self.decoder = Decoder(config.decoder)

    @property
    def device(self):
        """Where the weights are."""
        return self.decoder.embed.weight.device

    @property
    def dtype(self):
        """In which numbers the weights are."""
        return self.decoder.embed.weight.dtype

    def image_embeddings(self, pixel_values=None, high_res_pixel_values=None):
        """pixel_values [N, 3, s, s], high_res_pixel_values [N, 3, S, S] -> [N, P, D]."""
        return self.adaptor(*self.vision(pixel_values, high_res_pixel_values))

    def embed(self, input_ids, image_embeddings=None):
        """Token embeddings with images in the placeholders' places, in reading order: [B, T, D].

        Raises ValueError if placeholders and image tokens differ in number.
        """
        placeholder = input_ids == self.config.image_token_id
        slots, given = int(placeholder.sum()), 0
        if image_embeddings is not None:
            given = image_embeddings.shape[0] * image_embeddings.shape[1]
        if slots != given:
            raise ValueError(
                f"input_ids holds {slots} image placeholders, the images give {given} tokens "
                f"({self.config.image_tokens} for each image)"
            )
        embeddings = self.decoder.embed(input_ids)
        if given == 0:
            return embeddings
        return place(embeddings, placeholder, image_embeddings.to(embeddings.dtype))

    def forward(
        self,
        input_ids,
        attention_mask=None,
        pixel_values=None,
        high_res_pixel_values=None,
        labels=None,
        segments=None,
    ):
        """input_ids, attention_mask, labels [B, T]; pixels of all N images in reading order.

        labels hold the token to predict at its own position (the shift happens here) and -100
        wherever nothing is to be predicted.  segments [B, T]: which of several texts packed into one row a token
        belongs to (see `Decoder`); no text predicts the next one's first token.  Returns an Output.
        """
        embeddings = self.embed(input_ids, self._images(pixel_values, high_res_pixel_values))
        logits = self.decoder.head(self.decoder(embeddings, attention_mask, segments=segments))
        return Output(logits, None if labels is None else next_token_loss(logits, within(labels, segments)))

    def _images(self, pixel_values, high_res_pixel_values):
        """The embeddings of the images there are, or None."""
        if pixel_values is None and high_res_pixel_values is None:
            return None
        return self.image_embeddings(pixel_values, high_res_pixel_values)

    def loss(
        self, labels, input_ids, attention_mask=None, pixel_values=None, high_res_pixel_values=None, segments=None
    ):
        """The loss of `forward`, a scalar, without the logits where nothing is predicted: what training asks for."""
        embeddings = self.embed(input_ids, self._images(pixel_values, high_res_pixel_values))
        return predicted_loss(
            self.decoder, embeddings, within(labels, segments), attention_mask=attention_mask, segments=segments
        )

    @torch.no_grad()
    def generate(
        self,
        input_ids,
        attention_mask=None,
        pixel_values=None,
        high_res_pixel_values=None,
        max_new_tokens=128,
        temperature=0.0,
        top_p=1.0,
        streamer=None,
        generator=None,
    ):
        """Continue each prompt until its end-of-sentence token or `max_new_tokens`.

        Returns the new tokens only, [B, at most max_new_tokens]; a row that has ended is filled
        up with the padding token.  temperature 0 takes the likeliest token; otherwise tokens
        are drawn from the smallest set whose probability reaches top_p.  streamer: called
        with the [B] tokens of each step.  Stops early at the decoder's last position.
        Raises ValueError for a prompt that leaves no room, or top_p outside 0..1.
        """
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p must be above 0 and at most 1, got {top_p!r}")
        B, T = input_ids.shape
        room = self.config.decoder.max_positions - T
        if room < 1:
            raise ValueError(f"the prompt's {T} tokens leave no room: max_positions is {T + room}")
        steps = min(max_new_tokens, room)
        weight = self.decoder.embed.weight
        cache = KVCache(self.config.decoder, B, T + steps, weight.device, weight.dtype)
        padded = attention_mask is not None and not bool(attention_mask.all())
        mask = attention_mask if padded else None
        done = torch.zeros(B, dtype=torch.bool, device=input_ids.device)
        new = []
        with torch.inference_mode():  # a step of the miniature takes less than a millisecond, bookkeeping counts
            images = self._images(pixel_values, high_res_pixel_values)
            embeddings, step = self.embed(input_ids, images), None
            for _ in range(steps):
                if step:
                    logits = step(embeddings[:, 0])
                else:
                    logits = self.decoder.head(self.decoder(embeddings, mask, cache, wanted=LAST))
                    step = stepper(self.decoder, cache) if helps(self.decoder, mask) else None
                token = pick(logits, temperature, top_p, generator)
                token = token.masked_fill(done, self.config.pad_token_id)
                new.append(token)
                if streamer:
                    streamer(token)
                done |= token == self.config.eos_token_id
                if bool(done.all()):
                    break
                embeddings = self.decoder.embed(token[:, None])
                if padded:
                    mask = torch.cat([mask, mask.new_ones(B, 1)], dim=1)
        return torch.stack(new, dim=1) if new else input_ids.new_zeros(B, 0)


def place(embeddings, placeholder, image_tokens):
    """Image tokens [N, P, D] in the places of embeddings [B, T, D] that placeholder [B, T] marks, in reading order."""
    return embeddings.masked_scatter(placeholder[..., None], image_tokens)


def within(labels, segments=None):
    """labels [B, T] without those that one packed text would have to predict of the next: its first token."""
    if segments is None:
        return labels
    return labels.masked_fill(segments.diff(dim=1, prepend=segments[:, :1]) != 0, IGNORE)


def predicted_loss(decoder, embeddings, labels, reduction="mean", weights=None, **masks):
    """`next_token_loss` from embeddings [B, T, D], with logits only where something is predicted.

    Most positions of a page are image, most of a dialogue is question; the head is the widest matrix there is.
    reduction: "mean" or "sum".  weights [B, T]: how much each label counts (None: alike).  masks: the decoder's
    attention_mask, or segments.
    """
    told = labels[:, 1:] != IGNORE
    logits = decoder.head(decoder(embeddings, wanted=F.pad(told, (0, 1)), **masks))
    if weights is None:
        loss, counted = F.cross_entropy(logits.float(), labels[:, 1:][told], reduction="sum"), told.sum().clamp(min=1)
    else:
        weights = weights[:, 1:][told]
        loss = (weights * F.cross_entropy(logits.float(), labels[:, 1:][told], reduction="none")).sum()
        counted = weights.sum().clamp(min=1e-6)
    return loss / counted if reduction == "mean" else loss


def next_token_loss(logits, labels):
    """Mean cross-entropy of predicting labels[:, t] from logits[:, t - 1], over labels other than -100.

    logits [B, T, V], labels [B, T] -> scalar; zero where nothing is supervised.
    """
    loss = F.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORE, reduction="sum"
    )
    return loss / (labels[:, 1:] != IGNORE).sum().clamp(min=1)


def pick(logits, temperature=0.0, top_p=1.0, generator=None):
    """One token from logits [B, V]: the likeliest, or a draw from the top-p set at a temperature."""
    if temperature <= 0:
        return logits.argmax(dim=-1)
    probability, token = (logits.float() / temperature).softmax(dim=-1).sort(dim=-1, descending=True)
    before = probability.cumsum(dim=-1) - probability
    probability = probability.masked_fill(before >= top_p, 0.0)
    return token.gather(-1, torch.multinomial(probability, 1, generator=generator)).squeeze(-1)
