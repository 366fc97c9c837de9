"""Conversations and images to tensors, and back to text.

Source: released processing_vlm.py, conversation.py (template "deepseek") and
image_processing_vlm.py.  Pillow alone reads and resizes images.

Shapes: B conversations, T tokens of the longest, N images in the whole batch.
"""

import base64
import binascii
import io
import os
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn import functional as F

from .config import IGNORE
from .tokenizer import SPECIALS

SYSTEM_PROMPT = (
    "You are a helpful language and vision assistant. You are able to understand the visual content that "
    "the user provides, and assist the user with a variety of tasks using natural language."
)
ROLES = ("User", "Assistant")
MIN_SIDE = 14  # released preprocessor_config: min_size
MOST_PIXELS = 89_478_485  # Pillow's own limit for what may still be an honest picture


class InputError(ValueError):
    """Something handed in cannot be used; the message says which item and what to do."""


class Batch(dict):
    """Tensors by name, as a DeepSeekVL takes them: model(**batch)."""

    def to(self, device=None, dtype=None):
        """The same batch on a device; pixels, not token ids, in a number format."""
        return Batch({k: v.to(device, dtype if v.is_floating_point() else None) for k, v in self.items()})


class Processor:
    """Makes the batch a DeepSeekVL takes.  config: its ModelConfig; tokenizer: its Tokenizer."""

    def __init__(self, tokenizer, config, system_prompt=SYSTEM_PROMPT):
        for name, number in (
            ("bos", config.bos_token_id),
            ("eos", config.eos_token_id),
            ("image", config.image_token_id),
        ):
            if getattr(tokenizer, name) != number:
                raise InputError(
                    f"the tokenizer's {name} token is {getattr(tokenizer, name)}, the model's is {number}: "
                    "they do not belong together"
                )
        self.tokenizer, self.config, self.system_prompt = tokenizer, config, system_prompt

    def __call__(self, conversations, return_tensors="pt", supervise=False, compatible=None):
        """One conversation (a list of messages) or a list of them.

        A message is {"role": "User" | "Assistant", "content": text, "images": [...]}, with one
        `<image_placeholder>` in the text for each image; an image is a path, bytes, a PIL image or a
        data URI.  The last Assistant message may be empty or left out: the prompt then ends at
        "Assistant:".

        Returns input_ids and attention_mask [B, T], padded on the left; where there are images,
        pixel_values [N, 3, s, s] and, if the model has SAM, high_res_pixel_values [N, 3, S, S] (only
        the latter if it has SAM alone); with supervise=True, labels [B, T]: the answers and their end
        tokens, -100 elsewhere.  compatible="transformers" makes the pixels as transformers makes them instead of as
        released: see `pixels`.  Raises InputError naming the conversation, message or image.
        """
        if return_tensors != "pt":
            raise InputError(f'return_tensors must be "pt", got {return_tensors!r}')
        many = _as_list(conversations)
        rows, images = [], []
        for number, conversation in enumerate(many):
            where = f"conversation {number}: " if len(many) > 1 else ""
            messages = self._checked(conversation, where)
            rows.append(self._tokens(messages, where))
            images += [
                load_image(image, f"{where}message {i}, image {j}")
                for i, message in enumerate(messages)
                for j, image in enumerate(message["images"])
            ]
        return Batch({**self.pad(rows, supervise), **self.pixels(images, compatible)})

    def _checked(self, conversation, where=""):
        return check_conversation(conversation, where, self.config.image_tag, self.tokenizer.specials[:2])

    def tokens(self, conversation):
        """One conversation -> (ids, labels), both lists; labels are -100 except on answers and their end tokens."""
        return self._tokens(self._checked(conversation))

    def prompt(self, conversation):
        """The conversation as the model reads it, one placeholder per image, without the begin token."""
        return "".join(text for text, _ in self._pieces(self._checked(conversation)))

    def _pieces(self, messages):
        """(text, is it an answer?) in order: system prompt, then each message with its separator."""
        end = self.tokenizer.specials[1]
        pieces = [(self.system_prompt + "\n\n", False)] if self.system_prompt else []
        for message in messages:
            answer = message["role"] == "Assistant"
            pieces.append((message["role"] + ":", False))
            if message["content"]:
                # Answers are supervised from the space before them to the end token after them.
                pieces.append((" " + message["content"] + (end if answer else "\n\n"), answer))
        return pieces

    def _tokens(self, messages, where=""):
        """ids and labels of one conversation, both lists."""
        pieces = self._pieces(messages)
        text = "".join(piece for piece, _ in pieces)
        encoding = self.tokenizer.bpe.encode(text, add_special_tokens=False)
        answered = np.zeros(len(text) + 1, dtype=bool)
        at = 0
        for piece, answer in pieces:
            answered[at : at + len(piece)] = answer
            at += len(piece)
        ids, labels = [self.config.bos_token_id], [IGNORE]
        for token, (start, _) in zip(encoding.ids, encoding.offsets, strict=True):
            times = self.config.image_tokens if token == self.config.image_token_id else 1
            ids += [token] * times
            labels += [token if answered[start] else IGNORE] * times
        if len(ids) > self.config.decoder.max_positions:
            raise InputError(
                f"{where}the conversation has {len(ids)} tokens ({self.config.image_tokens} for each image); "
                f"the model takes {self.config.decoder.max_positions}"
            )
        return ids, labels

    def pad(self, rows, supervise=False):
        """Left-pad (ids, labels) rows into a batch."""
        T = max(len(ids) for ids, _ in rows)
        batch = {
            "input_ids": [[self.config.pad_token_id] * (T - len(ids)) + ids for ids, _ in rows],
            "attention_mask": [[0] * (T - len(ids)) + [1] * len(ids) for ids, _ in rows],
        }
        if supervise:
            batch["labels"] = [[IGNORE] * (T - len(labels)) + labels for _, labels in rows]
        return {name: torch.tensor(values, dtype=torch.long) for name, values in batch.items()}

    def pixels(self, images, compatible=None):
        """PIL RGB images -> {"pixel_values": [N, 3, s, s], "high_res_pixel_values": [N, 3, S, S]}; {} for none.

        compatible: None resizes as the released code does; "transformers" as its port does, which rounds the shorter
        side where the release truncates (one pixel, for about half of all sizes), and makes the low-resolution image
        from whole grey levels.  Raises InputError for another word.
        """
        if compatible not in (None, "transformers"):
            raise InputError(f'compatible must be None or "transformers", got {compatible!r}')
        if not images:
            return {}
        siglip, sam = self.config.siglip, self.config.sam
        first = sam or siglip
        whole = round if compatible else int
        squares = [on_square(image, first.image_size, first.mean, whole) for image in images]
        square = torch.stack([as_tensor(one) for one in squares])
        out = {}
        # deviation: pixels-normalised-outside
        if siglip:
            low = square
            if sam:  # the low-resolution image is made from the padded high-resolution one
                size = (siglip.image_size, siglip.image_size)
                if compatible:
                    low = torch.stack([as_tensor(one.resize(size, Image.Resampling.BILINEAR)) for one in squares])
                else:
                    low = F.interpolate(square, size=size, mode="bilinear", antialias=True, align_corners=False)
            out["pixel_values"] = normalise(low, siglip)
        if sam:
            out["high_res_pixel_values"] = normalise(square, sam)
        return out

    def decode(self, ids):
        """Generated ids [T] to the answer's text: up to the end token, without surrounding space."""
        ids = [int(i) for i in ids]
        if self.config.eos_token_id in ids:
            ids = ids[: ids.index(self.config.eos_token_id)]
        return self.tokenizer.decode(ids).strip()


def _as_list(conversations):
    """Wrap a single conversation into a list."""
    if not isinstance(conversations, (list, tuple)) or not conversations:
        raise InputError("a conversation is a list of messages; got nothing to read" if not conversations else
                         f"a conversation is a list of messages, got {type(conversations).__name__}")  # fmt: skip
    return [conversations] if isinstance(conversations[0], dict) else list(conversations)


def check_conversation(conversation, where="", tag=SPECIALS[2], forbidden=SPECIALS[:2]):
    """The conversation with stripped contents, every "images" a list, and an Assistant message at the end.

    Raises InputError for an empty conversation, a malformed message, an unknown or misplaced role, a
    missing text, a special token in it, or a number of placeholders other than the number of images.
    """
    if not isinstance(conversation, (list, tuple)):
        raise InputError(f"{where}a conversation is a list of messages, got {type(conversation).__name__}")
    if not conversation:
        raise InputError(f"{where}the conversation is empty")
    messages = []
    for i, message in enumerate(conversation):
        at = f"{where}message {i}"
        if not isinstance(message, dict) or not {"role", "content"} <= set(message):
            raise InputError(f'{at} must be a dictionary with "role" and "content"')
        role, content, images = message["role"], message["content"], message.get("images") or []
        if role not in ROLES:
            raise InputError(f"{at} has the role {role!r}; the roles are {' and '.join(ROLES)}")
        if role != ROLES[i % 2]:
            raise InputError(f"{at} is from {role}; {ROLES[i % 2]} speaks there (User first, then by turns)")
        if not isinstance(content, str):
            raise InputError(f"{at}: content must be text, got {type(content).__name__}")
        if isinstance(images, (str, bytes, Path, Image.Image)):
            images = [images]
        if not isinstance(images, (list, tuple)):
            raise InputError(f'{at}: "images" must be a list, got {type(images).__name__}')
        content, last = content.strip(), i == len(conversation) - 1
        if not content and not (role == "Assistant" and last):
            raise InputError(f"{at} has no text")
        if content.count(tag) != len(images):
            raise InputError(
                f"{at} has {content.count(tag)} {tag} and {len(images)} images; there must be one for each"
            )
        for token in forbidden:
            if token in content:
                raise InputError(f"{at} contains the special token {token}")
        if any("\ud800" <= c <= "\udfff" for c in content):
            raise InputError(f"{at} is not valid text: it has half of a surrogate pair")
        messages.append({"role": role, "content": content, "images": list(images)})
    if messages[-1]["role"] == "User":
        messages.append({"role": "Assistant", "content": "", "images": []})
    return messages


def load_image(source, where="image"):
    """A path, bytes, data URI or PIL image -> an upright PIL image in RGB.

    Camera rotation is applied, transparency shows white, 16-bit greys keep their range, and of an
    animation the first frame is taken.  Raises InputError if it cannot be read.
    """
    image, name = source, where
    if not isinstance(source, Image.Image):
        data, name = _read(source, where)
        if not data:
            raise InputError(f"{name} is empty (zero bytes)")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(io.BytesIO(data))
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                image.load()
        except Image.DecompressionBombError:
            raise InputError(f"{name} has more than {MOST_PIXELS:,} pixels; make it smaller first") from None
        except Image.UnidentifiedImageError:
            raise InputError(f"{name} is not an image Pillow can read") from None
        except Exception as error:  # decoders raise many kinds: truncated, corrupt, unsupported
            raise InputError(f"{name} cannot be decoded, it may be truncated: {error}") from None
    if not image.width or not image.height:
        raise InputError(f"{name} has no pixels ({image.width} × {image.height})")
    try:
        # deviation: white-behind-transparency
        return _to_rgb(ImageOps.exif_transpose(image))
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{name} cannot be turned into an RGB picture: {error}") from None


def _read(source, where):
    """The bytes of a source, and what to call it in a message."""
    if isinstance(source, (bytes, bytearray)):
        return bytes(source), where
    if isinstance(source, str) and source.startswith("data:"):
        head, _, body = source.partition(",")
        try:
            return base64.b64decode(body, validate=True), f"{where} (data URI)"
        except (binascii.Error, ValueError):
            raise InputError(f"{where}: the data URI is not valid base64") from None
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        raise InputError(f"{where}: {source} is an address; download the image and give its path")
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        name = f"{where} ({path})"
        try:
            return path.read_bytes(), name
        except IsADirectoryError:
            raise InputError(f"{name} is a folder") from None
        except FileNotFoundError:
            raise InputError(f"{name} does not exist") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{name} cannot be read: {error}") from None
    raise InputError(f"{where} must be a path, bytes, a PIL image or a data URI, got {type(source).__name__}")


def _to_rgb(image):
    if image.mode in ("I", "I;16", "I;16B", "I;16L", "I;16N", "F"):
        values = np.asarray(image, dtype=np.float32)
        if image.mode != "F" or values.max(initial=0) > 255:  # 16-bit files hold 0..65535
            values = values / 257.0
        return Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        # deviation: white-behind-transparency
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")


def fit(width, height, size, whole=int):
    """The resized sides: the longer becomes `size`, the shorter is made whole: truncated as released, or by `round`."""
    longest = max(width, height)
    if whole is round:  # transformers multiplies by one factor; the release divides first
        return tuple(max(round(side * (size / longest)), MIN_SIDE) for side in (width, height))
    return tuple(max(int(side / longest * size), MIN_SIDE) for side in (width, height))


def on_square(image, size, mean, whole=int):
    """Resize (bicubic) keeping proportions, centre on a square of the mean colour: a PIL image, size × size."""
    width, height = fit(*image.size, size, whole)
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    square = Image.new("RGB", (size, size), tuple(int(255 * m) for m in mean))
    square.paste(image, ((size - width) // 2, (size - height) // 2))
    return square


def to_square(image, size, mean):
    """`on_square` as a tensor: [3, size, size] in 0..1."""
    return as_tensor(on_square(image, size, mean))


def as_tensor(image):
    """A PIL image -> [3, height, width] in 0..1."""
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255


def normalise(pixels, encoder):
    """(pixels - mean) / std of one encoder's configuration."""
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (encoder.mean, encoder.std))
    return (pixels - mean) / std
