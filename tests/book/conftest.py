import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
for folder in ("book/_ext", "figures"):
    if str(ROOT / folder) not in sys.path:
        sys.path.insert(0, str(ROOT / folder))
