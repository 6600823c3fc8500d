"""Pages whose commands are typed: `python -m tests.docs.typed_page PAGE` writes into it what they print.

On such a page every `sh` block is run, all in one shell and in their order, and a `text` block after it holds
exactly what it printed. A `python` block that begins with `# NAME.py` is that file.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```python\n(# (\w+\.py)\b.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "=== end of the block ==="


def retyped(page: str, folder: Path) -> str:
    """The page with the outputs that its commands have in `folder`, from where `.venv/bin/acd` is this one.

    Raises AssertionError with what was printed when one of the commands fails.
    """
    for text, name in FILE.findall(page):
        (folder / name).write_text(text, encoding="utf-8")
    printed = iter(outputs([text for kind, text in BLOCK.findall(page) if kind == "sh"], folder))
    last = ""

    def rewritten(block: re.Match[str]) -> str:
        nonlocal last
        if block[1] == "sh":
            last = next(printed)
            return block[0]
        return f"```text\n{last}```"

    return BLOCK.sub(rewritten, page)


def outputs(blocks: list[str], folder: Path) -> list[str]:
    """What each of these pieces of shell prints."""
    (folder / ".venv").symlink_to(sys.prefix)
    script = "".join(f"{block}echo '{MARK}'\n" for block in blocks)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    shell = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**kept, "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if shell.returncode:
        raise AssertionError(f"exit {shell.returncode}:\n{shell.stdout}")
    return [tidy(text) for text in shell.stdout.split(f"{MARK}\n")[:-1]]


def tidy(text: str) -> str:
    """Without blanks at the ends of lines and blank lines at the ends of the text."""
    lines = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    return f"{lines}\n"


def main() -> None:
    for name in sys.argv[1:]:
        page = Path(name)
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(retyped(page.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
