"""`acd demo` as a newcomer runs it."""

import json
import subprocess
import sys


def test_the_demonstration_connects_callers_with_agents_who_hear_each_other() -> None:
    command = [sys.executable, "-m", "acd", "demo", "--seconds", "30", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    sip = result["contacts"]["sip"]
    assert (result["lost"], result["errors"]) == (0, [])
    assert sip["offered"] == sip["answered"] + sip["abandoned"] > 0
    assert 0 < sip["audio_verified"] <= sip["answered"]
    assert set(result["wait_ms"]) == {"p50", "p95", "max"}
    assert (result["incident"]["declared"], result["incident"]["cleared"]) == (1, 1)
    assert result["incident"]["heard"] > 0, "those who wait hear it at once"
    assert result["incident"]["linked"] == 1, "somebody is called when it is solved"
    assert 0 < result["vip"]["answered"] <= result["vip"]["offered"]
    assert result["callback"] == {"promised": 1, "kept": 1}
    left_out = [] if sys.version_info < (3, 13) else result["left_out"]
    assert result["left_out"] == left_out
