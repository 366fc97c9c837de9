import base64
import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dsvl_min.config import ModelConfig
from dsvl_min.processor import MOST_PIXELS, SYSTEM_PROMPT, InputError, Processor, fit, load_image, to_square

TAG = "<image_placeholder>"


@pytest.fixture(scope="module")
def processor(tiny):
    return tiny[1]


def picture(width=40, height=30, color=(200, 30, 30), mode="RGB"):
    return Image.new("RGB", (width, height), color).convert(mode)


def encoded(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def user(text, *images):
    return {"role": "User", "content": text, "images": list(images)}


def assistant(text):
    return {"role": "Assistant", "content": text}


# the conversation


def test_the_prompt_is_the_released_template(processor):
    talk = [user(f"{TAG}\nWhat is it?", picture()), assistant("a cat"), user("Sure?"), assistant("")]
    assert processor.prompt(talk) == (
        SYSTEM_PROMPT
        + f"\n\nUser: {TAG}\nWhat is it?\n\nAssistant: a cat<｜end▁of▁sentence｜>User: Sure?\n\nAssistant:"
    )


def test_the_open_answer_may_be_left_out(processor):
    talk = [user("Hello")]
    assert processor.prompt(talk) == processor.prompt([*talk, assistant("")])


def test_one_image_takes_its_number_of_tokens_and_a_begin_token_leads(processor):
    batch = processor([user(f"{TAG}{TAG}\nSame?", picture(), picture(9, 80))])
    ids = batch["input_ids"][0].tolist()
    assert ids.count(processor.config.image_token_id) == 2 * 36
    assert ids[0] == processor.config.bos_token_id
    assert batch["pixel_values"].shape == (2, 3, 48, 48)
    assert batch["high_res_pixel_values"].shape == (2, 3, 128, 128)


def test_a_list_of_conversations_is_padded_on_the_left(processor):
    talks = [[user("Hi")], [user(f"{TAG}\nWhat is in this picture, and where?", picture())]]
    batch = processor(talks)
    short = processor([talks[0]])["input_ids"][0]
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    assert batch["attention_mask"][0].tolist() == sorted(batch["attention_mask"][0].tolist())
    assert batch["input_ids"][0][-len(short) :].tolist() == short.tolist()
    assert set(batch["input_ids"][0][: -len(short)].tolist()) == {processor.config.pad_token_id}
    assert len(batch["pixel_values"]) == 1


def test_text_alone_has_no_pixels(processor):
    assert set(processor([user("Hi")])) == {"input_ids", "attention_mask"}


def test_only_answers_and_their_end_tokens_are_supervised(processor):
    talk = [user(f"{TAG}\nWhich?", picture()), assistant("a red cat"), user("And?"), assistant("no more")]
    batch = processor(talk, supervise=True)
    kept = batch["labels"][0] != -100
    assert torch.equal(batch["labels"][0][kept], batch["input_ids"][0][kept])
    told = processor.tokenizer.decode(batch["labels"][0][kept], skip_special=False)
    assert told == " a red cat<｜end▁of▁sentence｜> no more<｜end▁of▁sentence｜>"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(min_size=1).filter(lambda t: t.strip() and "<" not in t and "▁" not in t), min_size=1, max_size=4)
)
def test_a_prompt_is_the_beginning_of_the_answered_conversation(tiny, texts):
    processor = tiny[1]
    talk = [user(t) if i % 2 == 0 else assistant(t) for i, t in enumerate(texts)]
    if len(talk) % 2:
        talk.append(assistant("ok"))
    asked, _ = processor.tokens(talk[:-1])
    whole, labels = processor.tokens(talk)
    assert whole[: len(asked)] == asked
    assert (
        whole[len(asked) :] == labels[len(asked) :]
        and processor.decode(whole[len(asked) :]) == talk[-1]["content"].strip()
    )


def test_decoding_stops_at_the_end_token(processor):
    ids = processor.tokenizer.encode(" a red circle<｜end▁of▁sentence｜> and more")
    assert processor.decode(ids) == "a red circle"
    assert processor.decode(torch.tensor(ids)) == "a red circle"


BAD_TALK = {
    "an empty conversation": ([], "nothing to read"),
    "a text in its place": ("hello", "list of messages, got str"),
    "an empty one among several": ([[user("Hi")], []], "conversation 1.*empty"),
    "a text among several": ([[user("Hi")], "hello"], "conversation 1.*got str"),
    "no role": ([{"content": "Hi"}], "message 0.*role"),
    "an unknown role": ([{"role": "System", "content": "Hi"}], "System.*User and Assistant"),
    "the wrong turn": ([user("Hi"), user("again")], "message 1 is from User; Assistant"),
    "no text": ([user("  ")], "message 0 has no text"),
    "an empty answer midway": ([user("Hi"), assistant(""), user("So?")], "message 1 has no text"),
    "a number for text": ([{"role": "User", "content": 3}], "must be text, got int"),
    "an image without its place": ([user("What?", picture())], "0 <image_placeholder> and 1 images"),
    "a place without its image": ([user(f"{TAG} {TAG} What?", picture())], "2 <image_placeholder> and 1 images"),
    "an end token in the text": ([user("Hi <｜end▁of▁sentence｜>")], "special token <｜end"),
    "a begin token in the text": ([user("<｜begin▁of▁sentence｜>Hi")], "special token <｜begin"),
    "half a surrogate pair": ([user("Hi \ud83d")], "message 0.*surrogate"),
    "a number for images": ([{**user(TAG + "?"), "images": 5}], '"images" must be a list, got int'),
    "a picture without pixels": ([user(TAG + "?", Image.new("RGB", (0, 9)))], "image 0 has no pixels"),
    "more images than fit": ([user(TAG * 14 + "?", *[picture()] * 14)], "tokens.*takes 512"),
    "something that is no image": ([user(TAG + "?", 3.5)], "message 0, image 0.*got float"),
}


@pytest.mark.parametrize("case", BAD_TALK)
def test_a_conversation_that_cannot_be_read_names_the_item(processor, case):
    talk, message = BAD_TALK[case]
    with pytest.raises(InputError, match=message):
        processor(talk)


def test_only_torch_tensors_are_returned(processor):
    with pytest.raises(InputError, match="return_tensors"):
        processor([user("Hi")], return_tensors="np")


def test_a_tokenizer_of_another_model_is_refused(processor):
    with pytest.raises(InputError, match="do not belong together"):
        Processor(processor.tokenizer, ModelConfig.preset("7b"))


# images


def test_an_image_may_be_a_path_bytes_pil_or_data_uri(processor, tmp_path):
    image = picture()
    data = encoded(image)
    (tmp_path / "a.png").write_bytes(data)
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    for source in (tmp_path / "a.png", str(tmp_path / "a.png"), data, image, uri):
        assert np.array_equal(np.asarray(load_image(source)), np.asarray(image))


def sixteen_bit():
    return Image.fromarray(np.full((30, 40), 40000, dtype=np.uint16))


def see_through():
    """A GIF whose only colour, red, is declared transparent."""
    return encoded(picture(color=(255, 0, 0)).quantize(2), "GIF", transparency=0)


STRANGE = {
    "grey": (encoded(picture(color=(100, 100, 100), mode="L")), (100, 100, 100)),
    "CMYK": (encoded(picture(color=(250, 0, 0), mode="CMYK"), "JPEG", quality=95), (250, 0, 0)),
    "16-bit grey": (encoded(sixteen_bit()), (155, 155, 155)),
    "palette": (encoded(picture(color=(0, 0, 255)).quantize(4)), (0, 0, 255)),
    "palette with transparency": (see_through(), (255, 255, 255)),
    "opaque RGBA": (encoded(picture(color=(9, 99, 199), mode="RGBA")), (9, 99, 199)),
    "transparent RGBA": (encoded(Image.new("RGBA", (40, 30), (0, 0, 0, 0))), (255, 255, 255)),
    "grey with alpha": (encoded(Image.new("LA", (40, 30), (0, 0))), (255, 255, 255)),
    "one bit": (encoded(Image.new("1", (40, 30), 1)), (255, 255, 255)),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_images_of_every_mode_look_as_a_person_sees_them(kind):
    data, color = STRANGE[kind]
    seen = np.asarray(load_image(data), dtype=int)
    assert seen.shape == (30, 40, 3)
    assert np.abs(seen - color).max() <= 6


def test_an_animation_shows_its_first_frame():
    data = encoded(picture(color=(255, 0, 0)), "GIF", save_all=True, append_images=[picture(color=(0, 255, 0))])
    assert load_image(data).getpixel((5, 5)) == (255, 0, 0)


def test_a_photo_taken_sideways_is_turned_upright():
    image = picture(40, 30)
    exif = image.getexif()
    exif[0x0112] = 6
    assert load_image(encoded(image, "JPEG", exif=exif)).size == (30, 40)


def noise():
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8))


def bomb():
    """A PNG of a few hundred bytes that claims to be enormous."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


BROKEN = {
    "zero bytes": (lambda folder: b"", "empty"),
    "not an image": (lambda folder: b"hello, I am a text file", "not an image"),
    "truncated": (lambda folder: encoded(picture(400, 300), "JPEG")[:-900], "truncated"),
    "a truncated PNG": (lambda folder: encoded(noise())[:-900], "truncated"),
    "pixels beyond the limit": (lambda folder: encoded(Image.new("1", (9500, 9500))), "more than 89,478,485 pixels"),
    "a decompression bomb": (lambda folder: bomb(), "pixels"),
    "no such file": (lambda folder: folder / "missing.png", "missing.png.*does not exist"),
    "a folder": (lambda folder: folder, "is a folder"),
    "a name of no file": (lambda folder: folder / ("a" * 5000), "cannot be read"),
    "a web address": (lambda folder: "https://example.org/cat.png", "download"),
    "a spoilt data URI": (lambda folder: "data:image/png;base64,@@@", "base64"),
    "a name with a zero byte": (lambda folder: "a\0b.png", "cannot be read"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_image_that_cannot_be_read_names_itself(processor, tmp_path, case):
    make, message = BROKEN[case]
    with pytest.raises(InputError, match=message) as caught:
        processor([user(f"{TAG}\nWhat?", make(tmp_path))])
    assert "message 0, image 0" in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 250), st.integers(0, 255))
def test_damaged_bytes_give_a_picture_or_a_named_error(junk, at, value):
    data = bytearray(encoded(picture()))
    data[at % len(data)] = value
    for bad in (bytes(data), junk, bytes(data[: at + 8]) + junk):
        try:
            assert load_image(bad).mode == "RGB"
        except InputError as error:
            assert str(error).startswith("image")


def test_the_pixel_limit_is_pillows_own():
    assert MOST_PIXELS == Image.MAX_IMAGE_PIXELS


# resizing


@pytest.mark.parametrize(
    "size,expected",
    [((1000, 667), (384, 256)), ((667, 1000), (256, 384)), ((3000, 10), (384, 14)), ((1, 1), (384, 384))],
)
def test_sides_are_truncated_never_below_fourteen(size, expected):
    assert fit(*size, 384) == expected


def test_a_wide_image_sits_in_the_middle_of_its_mean_colour():
    square = to_square(picture(128, 64, (255, 0, 0)), 128, (0.5, 0.25, 0.75))
    assert torch.allclose(square[:, 0, 0], torch.tensor([127, 63, 191]) / 255)
    assert torch.equal(square[:, 64, 64], torch.tensor([1.0, 0.0, 0.0]))
    assert int((square[0] == 1).any(dim=1).sum()) == 64


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700))
def test_any_proportions_become_a_square(width, height):
    square = to_square(picture(width, height), 48, (0.5, 0.5, 0.5))
    assert square.shape == (3, 48, 48) and 0 <= square.min() and square.max() <= 1


def test_the_low_resolution_image_is_made_from_the_padded_high_resolution_one(processor):
    image = Image.effect_noise((200, 90), 80).convert("RGB")
    pixels = processor.pixels([image])
    config = processor.config
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (config.sam.mean, config.sam.std))
    high = pixels["high_res_pixel_values"][0] * std + mean
    low = torch.nn.functional.interpolate(high[None], size=(48, 48), mode="bilinear", antialias=True)[0]
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (config.siglip.mean, config.siglip.std))
    assert torch.allclose(pixels["pixel_values"][0], (low - mean) / std, atol=1e-5)
