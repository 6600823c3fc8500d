"""Every kind of bad input gives exactly one message, and exactly this one."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

BROKEN = tomllib.loads(Path(__file__).with_name("broken.toml").read_text(encoding="utf-8"))["broken"]

TWO_ENTRIES = '[entries.voice.2000]\nline="help"\n[entries.voice."+49-30-5550101"]\nline="help"'
SAME_ENTRY = (
    'entries.voice."+49-30-5550101": used twice: '
    'entries.voice."+49 30 555 0101" in site.toml is the same entry'
)

Said = Callable[..., tuple[list[str], list[str]]]


def test_the_small_site_is_right(said: Said, small: str) -> None:
    """What the other tests break has neither errors nor warnings."""
    assert said(small) == ([], [])


@pytest.mark.parametrize("case", BROKEN, ids=[case["name"] for case in BROKEN])
def test_message(said: Said, small: str, case: dict[str, str]) -> None:
    """One mistake gives its own message; a missing tenants table also costs the lines their tenant."""
    assert case["old"] in small
    errors, _ = said(small.replace(case["old"], case["new"], 1))
    message = case["message"]
    if message.startswith("tenants: missing"):
        errors.remove('site.toml: lines.help.tenant: unknown tenant "acme"')
    assert errors == [f"site.toml: {message}"]


def test_huge_number(said: Said, small: str) -> None:
    """A number too long to be printed in decimal is valid TOML, and still only a bad number."""
    errors, _ = said(small.replace('target = "20s"', "max_length = 0x" + "f" * 5000))
    assert errors == ["site.toml: lines.help.max_length: must be 0 to 2147483647, not a huge number"]


def test_all_mistakes_at_once(said: Said, small: str) -> None:
    """Several mistakes are all reported, not only the first."""
    errors, _ = said(
        small.replace('"20s"', '"x"').replace("network = 4", "network = 11").replace('"help"', '"hlp"')
    )
    assert [error.split(": ")[1] for error in errors] == [
        "agents.anna.skills.network",
        "lines.help.target",
        'entries.voice."+49 30 555 0101".line',
    ]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("a = ", "site.toml:1: not valid TOML: Invalid value"),
        ("\n\n[a]\n[a]\n", "site.toml:4: not valid TOML: Cannot declare ('a',) twice"),
        (
            "a = 1\nb = 2 3\n",
            "site.toml:2: not valid TOML: Expected newline or end of document after a statement",
        ),
        ("a = " + "[" * 5000, "site.toml: cannot be read: lists or tables are nested too deeply"),
    ],
)
def test_not_toml(said: Said, toml: str, message: str) -> None:
    """What is not TOML is reported with file and line."""
    assert said(toml) == ([message], [])


def test_duplicate_in_one_file(said: Said, small: str) -> None:
    """An id used twice in one file is a TOML error on the second one's line."""
    assert said(small + "[lines.help]\n")[0] == [
        "site.toml:20: not valid TOML: Cannot declare ('lines', 'help') twice"
    ]


@pytest.mark.parametrize(
    ("more", "messages"),
    [
        ('[lines.help]\ntenant="acme"', ["lines.help: already defined in site.toml"]),
        ("[tenants.acme]", ["tenants.acme: already defined in site.toml"]),
        ('[agents.anna]\nphone="x"', ["agents.anna: already defined in site.toml"]),
        ("[calendars.office]", ["calendars.office: already defined in site.toml"]),
        ("[groups.experts]", ["groups.experts: already defined in site.toml"]),
        ('[skills]\nnetwork = "N"', ["skills.network: already defined in site.toml"]),
        ('[server]\ndrain = "1s"', ["server: already defined in site.toml"]),
        ('[desk]\nlanguages = ["de"]', ["desk: already defined in site.toml"]),
        ("[sip]", ["sip: already defined in site.toml"]),
        (TWO_ENTRIES, [SAME_ENTRY]),
    ],
)
def test_duplicate_across_files(said: Said, small: str, more: str, messages: list[str]) -> None:
    """An id or a single table in two files names both files."""
    first = 'include = ["more.toml"]\n[server]\n[desk]\n[sip]\n' + small
    assert said(first, {"more.toml": more})[0] == [f"more.toml: {message}" for message in messages]


def test_rules_for_our_calls_stand_in_one_file(said: Said, small: str) -> None:
    """The first that fits counts, and files have no order that anybody sees."""
    rule = '[[outbound]]\npurpose = "callback"\nclasses = ["local"]\n'
    first = 'include = ["more.toml"]\n[sip]\n' + small + rule
    assert said(first, {"more.toml": rule})[0] == ["more.toml: outbound: already defined in site.toml"]


@pytest.mark.parametrize(
    ("line", "errors", "warnings"),
    [
        ('prefixes = ["+49", "0"]', [], []),
        ('prefixes = ["49 30"]', ['outbound[0].prefixes: "49 30" is not "+" and digits, as in "+43"'], []),
        ("", [], ['outbound[0].prefixes: missing: "foreign" alone allows every country, dear ones included']),
        ("per_hour = 0", ["outbound[0].per_hour: must be at least 1, not 0"], None),
        ("per_number = 0", ["outbound[0].per_number: must be at least 1, not 0"], None),
        (
            'caller_id = "030 1"',
            ['outbound[0].caller_id: "030 1" is not "+" and digits, as in "+49305550100"'],
            None,
        ),
    ],
)
def test_what_a_rule_for_our_calls_may_cost(
    said: Said, small: str, line: str, errors: list[str], warnings: list[str] | None
) -> None:
    rule = f'[sip]\n[[outbound]]\npurpose = "callback"\nclasses = ["foreign"]\n{line}\n'
    found = said(small + rule)
    assert found[0] == [f"site.toml: {error}" for error in errors]
    assert warnings is None or found[1] == [f"site.toml: {warning}" for warning in warnings]


def test_without_a_region_no_number_is_at_home(said: Said, small: str) -> None:
    """Nor does anybody know then which of an office's short numbers calls the police."""
    rule = '[sip]\n[[outbound]]\npurpose = "callback"\nclasses = ["internal", "local", "foreign"]\n'
    rule += 'prefixes = ["+49"]\n'
    errors, warnings = said(small + rule)
    assert errors == ['site.toml: outbound[0].classes: "internal" needs a region for the tenant "acme"']
    assert warnings == [
        'site.toml: outbound[0].classes: no number of the tenant "acme" is "local" without a region'
    ]
    assert said(small.replace("[tenants.acme]", '[tenants.acme]\nregion = "DE"') + rule) == ([], [])


@pytest.mark.parametrize(
    ("key", "table"), [("directory.region", "[directory]"), ("tenants.acme.region", "[tenants.acme]")]
)
def test_of_a_country_that_is_none_nothing_follows(said: Said, small: str, key: str, table: str) -> None:
    """It is not a client without a region."""
    rule = '[sip]\n[[outbound]]\npurpose = "callback"\nclasses = ["internal", "local"]\n'
    site = small if table in small else f"{table}\n{small}"
    message = 'is not a country such as "DE" (two capitals, ISO 3166-1)'
    assert said(site.replace(table, f'{table}\nregion = "Germany"') + rule) == (
        [f'site.toml: {key}: "Germany" {message}'],
        [],
    )


def test_include_of_nothing(said: Said, small: str) -> None:
    """A missing include is reported at the key that names it."""
    errors, _ = said('include = ["more.toml"]\n' + small)
    assert errors == ["site.toml: include[0]: more.toml cannot be read: No such file or directory"]


def test_include_that_is_not_toml(said: Said, small: str) -> None:
    """A mistake of syntax in an include is reported there."""
    errors, _ = said('include = ["more.toml"]\n' + small, {"more.toml": "\na"})
    assert errors == ["more.toml:2: not valid TOML: Expected '=' after a key in a key/value pair"]


def test_include_cycle(said: Said, small: str) -> None:
    """Files that include each other are refused at the include that closes the circle."""
    other = {"b.toml": 'include = ["c.toml"]', "c.toml": 'include = ["b.toml"]'}
    errors, _ = said('include = ["b.toml"]\n' + small, other)
    assert errors == ["c.toml: include[0]: includes go in a circle: site.toml → b.toml → c.toml → b.toml"]


def test_include_of_itself(said: Said, small: str) -> None:
    """The shortest circle is one too."""
    errors, _ = said('include = ["./site.toml"]\n' + small)
    assert errors == ["site.toml: include[0]: includes go in a circle: site.toml → site.toml"]


def test_include_twice(said: Said, small: str) -> None:
    """A file included from two places is refused the second time."""
    other = {"b.toml": 'include = ["c.toml"]', "c.toml": ""}
    errors, _ = said('include = ["b.toml", "c.toml"]\n' + small, other)
    assert errors == ["site.toml: include[1]: c.toml is included twice"]


def test_include_of_a_folder(said: Said, small: str, tmp_path: Path) -> None:
    """Only regular files are read: a pipe would never end."""
    (tmp_path / "sub").mkdir()
    errors, _ = said('include = ["sub"]\n' + small)
    assert errors == ["site.toml: include[0]: sub cannot be read: it is not a file"]


def test_warnings(said: Said, small: str) -> None:
    """A line that no contact reaches, an idle agent and a way without its limit are only warnings."""
    spare = '[lines.spare]\ntenant="acme"\ngroups=["experts"]\n[agents.bert]\nskills={german=1}\n'
    errors, warnings = said(
        spare
        + small.replace('"20s"', '"20s"\nwhen_full = "third"')
        + ('[lines.third]\ntenant="acme"\ngroups=["experts"]\n')
    )
    assert errors == []
    assert warnings == [
        "site.toml: lines.help.when_full: has no effect without max_length",
        "site.toml: lines.spare: no entry, overflow or treatment leads to this line, only agents can",
        "site.toml: agents.bert: serves no line: can do nothing but listen",
    ]


def test_a_class_of_an_entry_has_no_bound_if_it_is_below_that_of_its_line(said: Said, small: str) -> None:
    """A higher one puts its callers last, which costs nobody else anything; the same one does nothing."""
    bound = "has no bound: may be served before everybody else for ever (a head_start is bounded)"
    for given, told in ((4, True), (5, False), (6, False)):
        vip = f'[entries.voice."+49 30 555 0100"]\nline = "help"\nclass = {given}\n'
        key = 'entries.voice."+49 30 555 0100".class'
        warnings = [f"site.toml: {key}: is below that of the line (5), so it {bound}"]
        assert said(small + vip) == ([], warnings * told)


def test_a_long_chain_of_overflows(said: Said, small: str) -> None:
    """A chain of two thousand lines is followed to its end, where it closes a circle."""
    chain = "".join(
        f'[lines.l{n}]\ntenant="acme"\ngroups=["experts"]\nmax_wait=1\nwhen_waited="l{(n + 1) % 2000}"\n'
        for n in range(2000)
    )
    assert [error[:75] for error in said(small + chain)[0]] == [
        "site.toml: lines.l1999.when_waited: overflow goes in a circle: l0 → l1 → l2"
    ]
    assert said(small + chain.replace('when_waited="l0"', ""))[0] == []


def test_nobody_is_known_to_a_line_without_lists(said: Said, small: str) -> None:
    site = small.replace('target = "20s"', 'last_agent = { within = "7d", wait = "30s" }')
    reason = "knows nobody: acme has neither user_list nor vip_list"
    assert said(site) == ([], [f"site.toml: lines.help.last_agent: {reason}"])
    listed = site.replace("[tenants.acme]", '[tenants.acme]\nuser_list = "users.csv"')
    assert said(listed, {"users.csv": "mail\nmia@acme.example\n"}) == ([], [])


def test_missing_secrets_can_be_warnings(said: Said, small: str) -> None:
    """A check without secrets tells which are missing and still accepts the site."""
    assert said(small, environ={}, secrets=False) == (
        [],
        ["site.toml: agents.anna.password_env: environment variable ACD_ANNA is not set"],
    )
