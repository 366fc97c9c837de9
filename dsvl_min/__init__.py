"""DeepSeek-VL, from scratch: a vision-language model small enough to read.

import dsvl_min
model, processor = dsvl_min.load("tiny")
"""

from .adaptor import VisionLanguageAdaptor
from .checkpoint import CheckpointError, load, save
from .composed import compose
from .config import ConfigError, ModelConfig
from .decoder import Decoder
from .export import export_hf
from .hybrid import HybridVisionEncoder
from .model import DeepSeekVL
from .processor import InputError, Processor
from .sam import SamEncoder
from .siglip import SiglipEncoder

__version__ = "0.1.0"
__all__ = [
    "CheckpointError",
    "ConfigError",
    "Decoder",
    "DeepSeekVL",
    "HybridVisionEncoder",
    "InputError",
    "ModelConfig",
    "Processor",
    "SamEncoder",
    "SiglipEncoder",
    "VisionLanguageAdaptor",
    "compose",
    "export_hf",
    "load",
    "save",
]
