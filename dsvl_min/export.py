"""Out into the world: a folder that `transformers` opens without any code of ours.

    export_hf(model, processor, folder)
    transformers.pipeline("image-text-to-text", folder)

Names and configuration are `layouts`' transformers layout, nested as deepseek-community publishes it.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer as Bpe
from tokenizers import processors

from .checkpoint import SHARD, to_layout, write_atomically, write_tensors
from .layouts import count, transformers_table
from .processor import MIN_SIDE

# transformers' messages have lower-case roles and content in parts; what comes out is the released template.
CHAT_TEMPLATE = """\
{{%- set after_image = {after_image} -%}}
{{%- if messages[0].role == "system" -%}}
{{{{- messages[0].content if messages[0].content is string else messages[0].content[0].text -}}}}{{{{- "\\n\\n" -}}}}
{{%- else -%}}
{{{{- {system} -}}}}
{{%- endif -%}}
{{%- for message in messages if message.role != "system" -%}}
{{{{- "Assistant:" if message.role == "assistant" else "User:" -}}}}
{{%- set said = namespace(text="") -%}}
{{%- if message.content is string -%}}
{{%- set said.text = message.content -%}}
{{%- else -%}}
{{%- for part in message.content -%}}
{{%- set said.text = said.text + ({image} + after_image if part.type == "image" else part.text) -%}}
{{%- endfor -%}}
{{%- endif -%}}
{{%- if said.text | trim -%}}
{{{{- " " + said.text | trim -}}}}{{{{- {end} if message.role == "assistant" else "\\n\\n" -}}}}
{{%- endif -%}}
{{%- endfor -%}}
{{%- if add_generation_prompt -%}}{{{{- "Assistant:" -}}}}{{%- endif -%}}
"""


def export_hf(model, processor, folder, dtype=None, license=None, limit=SHARD, progress=False):
    """Write the folder: config, generation config, weights, tokenizer, processor, chat template, model card.

    dtype: what to store the weights in, by default what they are in.  license: for the card; "mit" for our own sizes.
    limit: bytes of a file of weights.  config.json comes last.  Raises ConfigError for SAM alone, which transformers
    does not know, and CheckpointError for quantised weights.
    """
    config, folder = model.config, Path(folder)
    described = transformers_table(config)  # refuses what can't be exported before anything is written
    state = to_layout(model, "transformers", dtype)
    folder.mkdir(parents=True, exist_ok=True)
    dtype = next(iter(state.values())).dtype
    write_tensors(folder, state, limit, progress)
    tokens = {kind: described["text_config"][f"{kind}_token_id"] for kind in ("bos", "eos", "pad")}
    texts = {
        "generation_config.json": _json({f"{kind}_token_id": number for kind, number in tokens.items()} | {
            "do_sample": False, "max_new_tokens": min(512, config.decoder.max_positions // 2)}),
        "tokenizer.json": with_begin(processor.tokenizer),
        "tokenizer_config.json": _json(tokenizer_table(processor)),
        "processor_config.json": _json(processor_table(config)),
        "chat_template.jinja": chat_template(processor),
        "README.md": card(config, dtype, license),
        "config.json": _json(described | {"dtype": str(dtype).removeprefix("torch.")}),
    }  # fmt: skip
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())


def twin(model):
    """transformers' own model with our model's weights, in evaluation mode: equality and speed are held against it."""
    import transformers

    table = transformers_table(model.config)
    kind = table.pop("architectures")[0].removesuffix("ForConditionalGeneration")
    config = getattr(transformers, kind + "Config")(**table)
    theirs = getattr(transformers, kind + "ForConditionalGeneration")._from_config(config, dtype=model.dtype)
    theirs.load_state_dict(to_layout(model, "transformers-flat"), strict=True)
    return theirs.to(model.device).eval()


def _json(table):
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def chat_template(processor):
    """The Jinja template that turns transformers' messages into the prompt of `processor.prompt`.

    After an image a line break follows, as our models were trained; for the released sizes nothing, as there.
    """
    _, end, image = processor.tokenizer.specials
    after = "" if processor.config.name in ("1.3b", "7b") else "\n"
    system = processor.system_prompt + "\n\n" if processor.system_prompt else ""
    quoted = {"after_image": after, "system": system, "image": image, "end": end}
    return CHAT_TEMPLATE.format(**{name: json.dumps(text, ensure_ascii=False) for name, text in quoted.items()})


def with_begin(tokenizer):
    """tokenizer.json whose encoding begins with the begin token, as transformers expects; ours adds it itself."""
    bpe, begin = Bpe.from_str(tokenizer.bpe.to_str()), tokenizer.specials[0]
    bpe.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, tokenizer.bos)]
    )
    return bpe.to_str(pretty=True)


def tokenizer_table(processor):
    """tokenizer_config.json."""
    begin, end, image = processor.tokenizer.specials
    return {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": begin, "eos_token": end, "pad_token": end,
        "image_token": image, "extra_special_tokens": {"image_token": image}, "padding_side": "left",
        "model_max_length": processor.config.decoder.max_positions, "clean_up_tokenization_spaces": False,
    }  # fmt: skip


def processor_table(config):
    """processor_config.json, the image processor inside."""
    siglip, sam = config.siglip, config.sam
    kind = "DeepseekVLHybrid" if sam else "DeepseekVL"

    def square(side):
        return {"height": side, "width": side}

    pixels = {
        "image_processor_type": kind + "ImageProcessor", "do_resize": True, "do_pad": True, "do_rescale": True,
        "do_normalize": True, "min_size": MIN_SIDE, "rescale_factor": 1 / 255, "size": square(siglip.image_size),
        "image_mean": list(siglip.mean), "image_std": list(siglip.std), "resample": 2 if sam else 3,
    }  # fmt: skip
    if sam:
        pixels |= {
            "high_res_size": square(sam.image_size), "high_res_image_mean": list(sam.mean),
            "high_res_image_std": list(sam.std), "high_res_resample": 3,
        }  # fmt: skip
    return {
        "processor_class": kind + "Processor", "num_image_tokens": config.image_tokens, "image_processor": pixels,
    }  # fmt: skip


def card(config, dtype=torch.float32, license=None):
    """README.md of the exported folder: metadata, what it is, how to open it."""
    license = license or ("mit" if config.name in ("tiny", "mini") else None)
    meta = ["library_name: transformers", "pipeline_tag: image-text-to-text", "tags:", "- deepseek_vl", "- dsvl-min"]
    meta += [f"license: {license}"] if license else []
    sees = {"hybrid": "SigLIP and SAM", "siglip": "SigLIP"}[config.vision]
    sizes = f"{config.siglip.image_size} pixels" + (f" and {config.sam.image_size}" if config.sam else "")
    toy = ""
    if config.name in ("tiny", "mini"):
        toy = (
            "\nIt was trained on pictures of a drawn micro-world, for learning how such a model works. It knows a few "
            "shapes, colours, symbols and handwritten digits, and nothing else; don't use it for anything real.\n"
        )
    return f"""---
{chr(10).join(meta)}
---

# DeepSeek-VL, size {config.name}

A DeepSeek-VL ({sees}, one picture seen at {sizes}, {config.image_tokens} image tokens; {count(config):,} numbers in
{str(dtype).removeprefix("torch.")}), exported by dsvl-min.
{toy}
```python
from transformers import pipeline

ask = pipeline("image-text-to-text", "path/to/this/folder")
content = [{{"type": "image", "image": "picture.png"}}, {{"type": "text", "text": "What is in the image?"}}]
print(ask(text=[{{"role": "user", "content": content}}], return_full_text=False)[0]["generated_text"])
```

Pictures are made square and resized by transformers' rule, which differs from the original release's by a pixel
for some sizes: `processor(..., compatible="transformers")` in dsvl-min does the same.
"""
