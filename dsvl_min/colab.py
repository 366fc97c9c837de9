"""What a hosted notebook adds: your own pictures, and a folder that outlives the machine.

Elsewhere than in Colab everything here does the plain local thing, so a notebook runs anywhere unchanged.
"""

import io
import sys
from pathlib import Path

from PIL import Image

from .processor import load_image

DRIVE = Path("/content/drive")


def in_colab():
    """Whether this is Colab, with a browser at the other end."""
    return "google.colab" in sys.modules


def your_image(default, ask=False):
    """A picture to show the model: the one you choose, or `default` (a path, bytes or PIL image).  Returns RGB.

    ask=True opens Colab's file chooser; its "Cancel upload", like any other machine, gives the default.
    Raises InputError if the file is no picture.
    """
    if ask and in_colab():
        from google.colab import files

        for name, data in files.upload().items():
            return load_image(data, name)
    if hasattr(default, "read"):
        default = Image.open(io.BytesIO(default.read()))
    return load_image(default)


def runs_folder(drive=True):
    """Where runs are kept: in Colab DeepSeek-VL-runs on your Drive, which it asks leave to mount; elsewhere ./runs.

    A Colab machine forgets everything when it is taken back; what lies on the Drive stays.
    """
    if not (drive and in_colab()):
        return Path("runs")
    from google.colab import drive as mounted

    mounted.mount(str(DRIVE))
    folder = DRIVE / "MyDrive" / "DeepSeek-VL-runs"
    folder.mkdir(exist_ok=True)
    return folder
