"""A caller on his client's VIP list, with a real phone: known however his telephone writes his number."""

from pathlib import Path

from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner
from tests.acceptance.desk import Desk, until
from tests.acceptance.sipp import Sipp

LISTS = 'tenants.nordwind.region = "DE"\ntenants.nordwind.vip_list = "vip.csv"\n'


def caller(number: str) -> str:
    """Who waits until the desk hangs up."""
    return s.calls(s.HUNG_UP).replace("+49305550[call_number]", number)


def test_a_vip_overtakes_also_after_a_kill_and_no_longer_when_the_list_drops_him(
    tmp_path: Path, sipp: Sipp
) -> None:
    desk = Desk(tmp_path / "desk", [Corner("vips")], {})
    desk.site.write_text(LISTS + desk.site.read_text())
    vips = desk.folder / "vip.csv"
    vips.write_text("number;class\n+49 (30) 555 0102;1\n")
    try:
        desk.start()
        for count, number in enumerate(("0305550101", "0305550102", "+49305550103"), 1):
            sipp.call(desk, "vips", caller(number))
            until(lambda: len(desk.waiting("vips")) == count, f"caller {count}")  # noqa: B023 (used at once)
        usual, vip, later = sorted(desk.waiting("vips"))
        assert desk.waiting("vips") == [vip, usual, later]
        assert [fact["fact"]["vip"] for facts in desk.histories("vips").values() for fact in facts[:1]] == [
            False,
            True,
            False,
        ]
        until(lambda: desk.metric("acd_content_unsynced") == 0, "all numbers stored")
        desk.kill()
        vips.write_text("number;class\n030 5550103;0\n+49 (30) 555 0102;1\n")
        desk.start()
        assert desk.waiting("vips") == [later, vip, usual], "who came on the list meanwhile is ranked by it"
        vips.write_text("number;class\n")
        desk.post("/lists")
        assert desk.waiting("vips") == [usual, vip, later]
        journal = b"".join(path.read_bytes() for path in (desk.folder / "var").rglob("*") if path.is_file())
        assert b"555010" not in journal
    finally:
        desk.clear_away()
