"""What a job costs before it works: start of Python and imports of a rule's script.

python benchmarks/startup.py
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
import time
from pathlib import Path

from images import machine

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS, LIBRARY = ROOT / "scripts", ROOT / "src"
CHOSEN = ("segmentation/scenes.py", "segmentation/scene.py", "segmentation/baselines.py", "segmentation/predict.py",
          "glacier/glacier_retreat_graph.py", "segmentation/train.py")  # fmt: skip


def imports_of(script: Path) -> str:
    """Import statements at the top of a script."""
    body = ast.parse(script.read_text()).body
    return "\n".join(ast.unparse(node) for node in body if isinstance(node, (ast.Import, ast.ImportFrom)))


def start(code: str, rounds: int = 3) -> tuple[float, str]:
    """Median seconds of a new Python process that runs ``code``, and what it prints; one round goes uncounted."""
    times = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:]), done.stdout.strip()


def main() -> None:
    """Measure and print."""
    print(machine())
    print("| script | s | TensorFlow imported |\n|---|---|---|")
    print(f"| Python alone | {start('pass')[0]:.2f} | |")
    for name in CHOSEN:
        setting = f"import sys; sys.path.insert(0, {str(LIBRARY)!r})"
        spent, imported = start(f"{setting}\n{imports_of(SCRIPTS / name)}\nprint('tensorflow' in sys.modules)")
        print(f"| `{name}` | {spent:.2f} | {imported} |", flush=True)


if __name__ == "__main__":
    main()
