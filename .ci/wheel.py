"""Builds the wheel, installs it into an environment of its own and runs the command from there."""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    """What the command prints; a failure ends the check with its own words."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Nothing of the checkout is importable where the wheel is tried."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        source = place / "source"
        ignored = shutil.ignore_patterns(".git", ".venv", "build", "dist", "*.egg-info", "var", ".*_cache")
        shutil.copytree(ROOT, source, ignore=ignored)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, source, cwd=place)
        wheel = next(place.glob("*.whl"))
        shutil.rmtree(source)
        venv.create(place / "env", with_pip=True)
        python = place / "env" / "bin" / "python"
        lock = ROOT / "requirements.lock"
        run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock, cwd=place)
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=place)
        acd = place / "env" / "bin" / "acd"
        print(run(acd, "--version", cwd=place).strip(), "from", wheel.name)
        site = run(python, "-c", "from config.load import DEMO_SITE; print(DEMO_SITE)", cwd=place).strip()
        print(run(acd, "check", "--no-secrets", site, cwd=place).strip())
        print(run(acd, "demo", "--help", cwd=place).splitlines()[0].strip())
        print(run(acd, "simulate", "--days", "2", "-j", "1", cwd=place).splitlines()[0].strip())
        print(run(acd, "validate", "--formulas-only", cwd=place).splitlines()[-1].strip())


if __name__ == "__main__":
    main()
