from .config import ModelConfig
