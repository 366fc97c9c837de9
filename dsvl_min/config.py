"""The model's sizes, as frozen dataclasses, and the four named ones.

A configuration that cannot work raises `ConfigError` when it is built and says
which field is wrong and why.  Sizes of `1.3b` and `7b` are those of the released
`config.json` files; `tiny` and `mini` keep the paper's geometry (high : low
resolution, 1.5x resize, two stride-2 convolutions) at small numbers.
"""

from dataclasses import asdict, dataclass, field, fields, replace

IMAGE_PLACEHOLDER = "<image_placeholder>"
BEGIN_OF_SENTENCE = "<｜begin▁of▁sentence｜>"
END_OF_SENTENCE = "<｜end▁of▁sentence｜>"
IGNORE = -100  # label of a position that the loss leaves out (processor_config: ignore_id)
SHARED = -1  # the segment of what all texts of a row begin with

VISION_KINDS = ("siglip", "sam", "hybrid")
ADAPTOR_FORMS = ("hybrid", "shared", "separate")


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the field."""


class TrainingStopped(Exception):
    """A run that ended before its last step, on purpose: what stopped it, and what to do."""


def require(condition, message):
    """Raise ConfigError with the message unless the condition holds."""
    if not condition:
        raise ConfigError(message)


def _positive(config, *names):
    for name in names:
        value = getattr(config, name)
        require(
            isinstance(value, int) and not isinstance(value, bool) and value > 0,
            f"{type(config).__name__}.{name} must be a positive integer, got {value!r}",
        )


def _heads_divide(config):
    require(
        config.width % config.heads == 0,
        f"{type(config).__name__}.width ({config.width}) must be a multiple of heads ({config.heads})",
    )


def _patches_tile(config):
    require(
        config.image_size % config.patch_size == 0,
        f"{type(config).__name__}.image_size ({config.image_size}) must be a multiple of "
        f"patch_size ({config.patch_size})",
    )


@dataclass(frozen=True)
class SiglipConfig:
    """SigLIP's vision tower (released file: siglip_vit.py, siglip_large_patch16_384)."""

    image_size: int = 384
    patch_size: int = 16
    width: int = 1024
    layers: int = 24
    heads: int = 16
    mlp_width: int = 4096
    norm_eps: float = 1e-6
    mean: tuple = (0.5, 0.5, 0.5)  # pixel normalisation, applied by the processor
    std: tuple = (0.5, 0.5, 0.5)

    def __post_init__(self):
        _positive(self, "image_size", "patch_size", "width", "layers", "heads", "mlp_width")
        _heads_divide(self)
        _patches_tile(self)

    @property
    def grid(self):
        """Patches along one side; the encoder emits grid * grid tokens."""
        return self.image_size // self.patch_size


@dataclass(frozen=True)
class SiglipTextConfig:
    """SigLIP's text tower, needed only to pretrain the vision tower against captions."""

    vocab_size: int = 32000
    length: int = 64  # every caption is padded to this many tokens
    width: int = 1024
    layers: int = 24
    heads: int = 16
    mlp_width: int = 4096
    norm_eps: float = 1e-6

    def __post_init__(self):
        _positive(self, "vocab_size", "length", "width", "layers", "heads", "mlp_width")
        _heads_divide(self)


@dataclass(frozen=True)
class SamConfig:
    """SAM's image encoder with DeepSeek-VL's downsampling (released file: sam.py, sam_b_downsample)."""

    image_size: int = 1024
    patch_size: int = 16
    width: int = 768
    layers: int = 12
    heads: int = 12
    mlp_width: int = 3072
    window: int = 14
    global_layers: tuple = (2, 5, 8, 11)  # the other layers attend within windows
    neck_width: int = 256
    token_grid: int = 24  # tokens along one side after the two stride-2 convolutions
    norm_eps: float = 1e-6
    mean: tuple = (0.48145466, 0.4578275, 0.40821073)
    std: tuple = (0.26862954, 0.26130258, 0.27577711)

    def __post_init__(self):
        _positive(self, "image_size", "patch_size", "width", "layers", "heads", "mlp_width")
        _positive(self, "window", "neck_width", "token_grid")
        _heads_divide(self)
        _patches_tile(self)
        object.__setattr__(self, "global_layers", tuple(self.global_layers))
        require(
            len(self.global_layers) > 0 and all(0 <= i < self.layers for i in self.global_layers),
            f"SamConfig.global_layers {self.global_layers} must name at least one of the layers "
            f"0..{self.layers - 1}: the alpha branch starts from the first of them",
        )

    @property
    def grid(self):
        """Patches along one side, before the neck."""
        return self.image_size // self.patch_size

    @property
    def out_width(self):
        """Channels of one high-resolution token: the convolutions double the neck twice."""
        return 4 * self.neck_width


@dataclass(frozen=True)
class PromptConfig:
    """SAM's prompt encoder and mask decoder, needed only to pretrain the image encoder on masks."""

    layers: int = 2
    heads: int = 8
    mlp_width: int = 2048
    masks: int = 3  # masks for an ambiguous point (whole, part, sub-part), beside the single one
    iou_width: int = 256
    iou_layers: int = 3
    mask_channels: int = 16
    norm_eps: float = 1e-6

    def __post_init__(self):
        _positive(self, "layers", "heads", "mlp_width", "masks", "iou_width", "iou_layers", "mask_channels")


@dataclass(frozen=True)
class DecoderConfig:
    """The LLaMA-type language model (released: DeepSeek-LLM 1B and 7B)."""

    vocab_size: int = 102400
    width: int = 4096
    layers: int = 30
    heads: int = 32
    kv_heads: int = 32
    mlp_width: int = 11008
    max_positions: int = 16384
    rope_theta: float = 10000.0
    norm_eps: float = 1e-6
    tied: bool = False  # share the embedding table with the output head

    def __post_init__(self):
        _positive(self, "vocab_size", "width", "layers", "heads", "kv_heads", "mlp_width", "max_positions")
        _heads_divide(self)
        require(
            self.heads % self.kv_heads == 0,
            f"DecoderConfig.heads ({self.heads}) must be a multiple of kv_heads ({self.kv_heads})",
        )
        require(
            self.head_width % 2 == 0,
            f"DecoderConfig.width / heads ({self.head_width}) must be even: rotary positions turn pairs",
        )

    @property
    def head_width(self):
        """Width of one head; rotary positions need it even."""
        return self.width // self.heads


@dataclass(frozen=True)
class ModelConfig:
    """One DeepSeek-VL.  `siglip` or `sam` may be absent, not both.

    adaptor: its form, of those the paper compares in Table 10; "hybrid" is the released one.
    `ModelConfig.preset(name, vision=...)` gives the named sizes.
    """

    decoder: DecoderConfig
    siglip: SiglipConfig | None = None
    sam: SamConfig | None = None
    name: str = "custom"
    image_token_id: int = 100015
    bos_token_id: int = 100000
    eos_token_id: int = 100001
    pad_token_id: int = 100001
    image_tag: str = field(default=IMAGE_PLACEHOLDER)
    adaptor: str = "hybrid"

    def __post_init__(self):
        require(
            self.adaptor in ADAPTOR_FORMS,
            f"ModelConfig.adaptor must be one of {', '.join(ADAPTOR_FORMS)}, got {self.adaptor!r}",
        )
        require(
            self.adaptor == "hybrid" or (self.siglip and self.sam),
            f"ModelConfig.adaptor is {self.adaptor!r}, which joins two encoders, and vision is {self.vision!r}",
        )
        require(self.siglip or self.sam, "ModelConfig needs siglip, sam or both; both are None")
        if self.siglip and self.sam:
            require(
                self.sam.token_grid == self.siglip.grid,
                f"SamConfig.token_grid ({self.sam.token_grid}) must equal SigLIP's grid "
                f"({self.siglip.grid}): the two token grids are concatenated channel by channel",
            )
            require(
                self.decoder.width % 2 == 0,
                f"DecoderConfig.width ({self.decoder.width}) must be even: each encoder fills one half",
            )
        for name in ("image_token_id", "bos_token_id", "eos_token_id", "pad_token_id"):
            value = getattr(self, name)
            require(
                isinstance(value, int) and 0 <= value < self.decoder.vocab_size,
                f"ModelConfig.{name} ({value!r}) must lie inside the vocabulary (0..{self.decoder.vocab_size - 1})",
            )

    @property
    def vision(self):
        """ "siglip", "sam" or "hybrid"."""
        return "hybrid" if self.siglip and self.sam else "siglip" if self.siglip else "sam"

    @property
    def image_grid(self):
        """Image tokens along one side."""
        return self.siglip.grid if self.siglip else self.sam.token_grid

    @property
    def image_tokens(self):
        """Tokens that one image occupies in the prompt (576 in the paper)."""
        return self.image_grid**2

    @classmethod
    def preset(cls, name, vision=None):
        """A named size.

        name: "tiny", "mini", "1.3b" or "7b" (any capitalisation).
        vision: "siglip", "sam" or "hybrid"; by default what was released in that
            size: 1.3b has SigLIP alone, the others are hybrids.
        Raises ConfigError for a name or vision that does not exist.
        """
        key = str(name).lower()
        require(key in _PRESETS, f"no size {name!r}; the sizes are {', '.join(_PRESETS)}")
        config = _PRESETS[key]()
        vision = vision or config.vision
        require(vision in VISION_KINDS, f"no vision {vision!r}; choose one of {', '.join(VISION_KINDS)}")
        siglip = None if vision == "sam" else config.siglip
        sam = None if vision == "siglip" else config.sam or SamConfig()
        return replace(config, siglip=siglip, sam=sam)

    def to_dict(self):
        """Plain nested dictionaries, ready for json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        """The inverse of `to_dict`; an unknown or missing field is a ConfigError."""
        require(isinstance(data, dict), f"config must be a table of fields, got {type(data).__name__}")
        data = dict(data)
        parts = {"decoder": DecoderConfig, "siglip": SiglipConfig, "sam": SamConfig}
        for name, part in parts.items():
            if data.get(name) is not None:
                data[name] = build(part, data[name], where=name)
        return build(cls, data, where="config")


def build(kind, data, where):
    """kind(**data), naming unknown fields; lists become tuples, as json has no tuples."""
    require(isinstance(data, dict), f"{where} must be a table of fields, got {type(data).__name__}")
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(data) - known)
    require(not unknown, f"{where}: unknown field {', '.join(unknown)} for {kind.__name__}")
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})
    except TypeError as error:
        raise ConfigError(f"{where}: {error}") from None


# The micro-world's own mean and spread of pixels, per channel.
WORLD_MEAN = (0.75, 0.74, 0.73)
WORLD_STD = (0.20, 0.21, 0.22)


def _tiny():
    return ModelConfig(
        name="tiny",
        siglip=SiglipConfig(
            image_size=48, patch_size=8, width=96, layers=4, heads=4, mlp_width=384,
            mean=WORLD_MEAN, std=WORLD_STD,
        ),
        sam=SamConfig(
            image_size=128, patch_size=8, width=64, layers=4, heads=4, mlp_width=256, window=5,
            global_layers=(1, 3), neck_width=48, token_grid=6, mean=WORLD_MEAN, std=WORLD_STD,
        ),
        decoder=DecoderConfig(
            vocab_size=2048, width=128, layers=6, heads=4, kv_heads=4, mlp_width=352, max_positions=512,
        ),
        bos_token_id=2045, eos_token_id=2046, pad_token_id=2046, image_token_id=2047,
    )  # fmt: skip


def _mini():
    return ModelConfig(
        name="mini",
        siglip=SiglipConfig(
            image_size=96, patch_size=8, width=192, layers=6, heads=6, mlp_width=768,
            mean=WORLD_MEAN, std=WORLD_STD,
        ),
        sam=SamConfig(
            image_size=256, patch_size=8, width=192, layers=6, heads=6, mlp_width=768, window=7,
            global_layers=(2, 5), neck_width=64, token_grid=12, mean=WORLD_MEAN, std=WORLD_STD,
        ),
        decoder=DecoderConfig(
            vocab_size=2048, width=192, layers=8, heads=6, kv_heads=6, mlp_width=512, max_positions=1024,
        ),
        bos_token_id=2045, eos_token_id=2046, pad_token_id=2046, image_token_id=2047,
    )  # fmt: skip


def _released_1_3b():
    return ModelConfig(
        name="1.3b",
        siglip=SiglipConfig(),
        decoder=DecoderConfig(width=2048, layers=24, heads=16, kv_heads=16, mlp_width=5632),
    )


def _released_7b():
    return ModelConfig(name="7b", siglip=SiglipConfig(), sam=SamConfig(), decoder=DecoderConfig())


_PRESETS = {"tiny": _tiny, "mini": _mini, "1.3b": _released_1_3b, "7b": _released_7b}
SIZES = tuple(_PRESETS)
