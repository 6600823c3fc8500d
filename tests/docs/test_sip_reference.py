"""The page of the `[sip]` table names exactly the keys that the channel asks for."""

import re
from pathlib import Path

from channels.sip import settings
from config.load import DEMO_SITE, check
from config.table import Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "sip.md"


def test_every_key_of_the_sip_table_has_a_row_and_every_row_a_key() -> None:
    site, errors, _ = check(DEMO_SITE, {}, secrets=False)
    assert site is not None, errors
    asked: list[Table] = []
    raw = site.channels["sip"]
    table = raw.open()
    asked.append(table)
    settings.read_table(site, table)
    keys = {key.removeprefix("sip.") for key in table.reading.keys}
    rows = set(re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert rows == keys - {"trunks"}
