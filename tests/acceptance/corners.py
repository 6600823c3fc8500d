"""Site files for the tests: a desk of corners, each a line with a number and agents of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from channels.media.sound.tone import tone
from tests.acceptance.sound import write_wav

REALM = "acd.invalid"


@dataclass(frozen=True, slots=True)
class Corner:
    """A line, its number and its agents. `classes`: further numbers `NUMBER-0` … with that class."""

    name: str
    agents: int = 0
    ring: str = "5s"
    retry_tried: str = "30s"
    wrap_up: str = "0s"
    classes: int = 0
    callback: str = ""
    """Order of its callbacks; each is tried twice, 1 s apart."""
    music_hz: int = 0
    """Music on hold is this tone; 0: the built-in music."""
    menu_hz: int = 0
    """After two seconds of music this tone asks for key 1, and again; 0: never."""
    promise_hz: int = 0
    """Who has pressed it hears this tone, and is promised a callback."""
    voicemail_hz: int = 0
    """Who waits hears this tone, may leave a message, and hears `promise_hz` after it; 0: he may not."""
    collect_hz: int = 0
    """Who waits hears this tone, may type something, and hears `promise_hz` after it; 0: he may not."""
    survey_hz: int = 0
    """Whose agent has hung up hears this tone, and after a key from 1 to 5 `promise_hz`; 0: it is over."""
    escalates: str = ""
    """There is a list `night`: its first agent, then this number."""

    @property
    def number(self) -> str:
        return f"line.{self.name}"

    def number_of_class(self, priority_class: int) -> str:
        return f"{self.number}.{priority_class}"

    def agent(self, index: int = 0) -> str:
        return f"{self.name}.{index + 1}"

    @property
    def all_agents(self) -> list[str]:
        return [self.agent(index) for index in range(self.agents)]


def password(agent: str) -> str:
    """Invented, and long enough."""
    return f"secret-of-{agent}"


def variable(agent: str) -> str:
    """The environment variable of the agent's password."""
    return "ACD_TEST_" + agent.upper().replace("-", "_").replace(".", "_")


def write_site(folder: Path, corners: Sequence[Corner], sip: Mapping[str, object]) -> Path:
    """The site file of these corners; `sip` are keys of the `[sip]` table.

    `calls_to`: the port on this machine to which the desk places calls.
    """
    sip = dict(sip)
    calls_to = sip.pop("calls_to", None)
    music = [f'music.{one.name} = "{one.name}.wav"' for one in corners if one.music_hz]
    region = [] if calls_to is None else ['tenants.nordwind.region = "DE"']
    lines = [*music, *region, *_HEAD, *(f"{key} = {_toml(value)}" for key, value in sip.items()), *_TRUNK]
    if calls_to is not None:
        lines += [f'outbound = "127.0.0.1:{calls_to}"', 'caller_id = "+49305550100"', *_OUTBOUND]
    for corner in corners:
        lines += _corner(corner, folder)
    path = folder / "site.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


_HEAD = [
    'server = { data_dir = "var", drain = "2s", api = { port = 0, token_env = "ACD_TEST_TOKEN" } }',
    'desk = { languages = ["de"], pause_reasons = ["break"] }',
    'tenants.nordwind.name = "Nordwind"',
    'skills.spare = "Nobody has it"',
    "groups.nobody.skills.spare = 9",
    "agents.nobody.skills.spare = 9",
    "[sip]",
    f'realm = "{REALM}"',
    'sign_in = "register"',
    'min_expires = "1s"',
    'phone_qualify = "0s"',  # a question in the midst of its scenario is an unexpected message to sipp
]
_OUTBOUND = [
    line
    for purpose in ("callback", "all_clear")
    for line in ("[[outbound]]", f'purpose = "{purpose}"', 'classes = ["local", "mobile"]')
]
_TRUNK = ["[[sip.trunks]]", 'name = "pbx"', 'addresses = ["127.0.0.1"]']


def _corner(corner: Corner, folder: Path) -> list[str]:
    name = corner.name
    lines = [
        f"[lines.{name}]",
        'tenant = "nordwind"',
        f'groups = ["{name if corner.agents else "nobody"}"]',
        f'ring = "{corner.ring}"',
        f'retry_tried = "{corner.retry_tried}"',
        f'wrap_up.time = "{corner.wrap_up}"',
    ]
    if corner.callback:
        rule = f'{{ order = "{corner.callback}", attempts = 2, gap = "1s", ring = "8s" }}'
        lines += [f"callback = {rule}"]
    if corner.music_hz:
        write_wav(folder / f"{name}.wav", np.tile(tone(corner.music_hz), 3))
        lines += [f'music = "{name}"']
    lines += ['survey = "survey"'] if corner.survey_hz else []
    lines += _treated(corner, folder)
    if corner.survey_hz:
        lines += _survey(corner, folder)
    if corner.escalates:
        lines += _list(corner)
    if corner.agents:
        lines += [f"[groups.{name}]", f"members = {_toml(corner.all_agents)}"]
    for agent in corner.all_agents:
        lines += [f'[agents."{agent}"]', f'phone = "{agent}"', f'password_env = "{variable(agent)}"']
    lines += [f'[entries.voice."{corner.number}"]', f'line = "{name}"']
    for number in range(corner.classes):
        lines += [
            f'[entries.voice."{corner.number_of_class(number)}"]',
            f'line = "{name}"',
            f"class = {number}",
        ]
    return lines


def _treated(corner: Corner, folder: Path) -> list[str]:
    if corner.menu_hz:
        return ['treatment = "menu"', *_menu(corner, folder)]
    if corner.voicemail_hz:
        return ['treatment = "voicemail"', *_voicemail(corner, folder)]
    if corner.collect_hz:
        return ['treatment = "collect"', *_collect(corner, folder)]
    return []


def _list(corner: Corner) -> list[str]:
    steps = (
        f'{{ agent = "{corner.agent()}" }}, {{ name = "duty", number = "{corner.escalates}", ring = "10s" }}'
    )
    return [
        "[escalations.night]",
        'tenant = "nordwind"',
        'text = { de = "Der Mailserver antwortet nicht." }',
        f"steps = [{steps}]",
        "[[outbound]]",
        'purpose = "escalation"',
        'classes = ["local"]',
        'caller_id = "+49305550177"',
    ]


def _menu(corner: Corner, folder: Path) -> list[str]:
    for name, hz in (("menu", corner.menu_hz), ("promise", corner.promise_hz)):
        write_wav(folder / f"{name}.wav", np.tile(tone(hz), 2))
    asks = 'menu_files = { de = "menu.wav" }, keys = { "1" = "promise" }, for = "5s"'
    return [
        "[treatments.menu]",
        f'steps = [{{ music = "{corner.name}", for = "2s" }}, {{ {asks} }}, {{ then = "menu" }}]',
        "[treatments.promise]",
        'steps = [{ say_files = { de = "promise.wav" } }, { park = "callback" }]',
    ]


def _voicemail(corner: Corner, folder: Path) -> list[str]:
    for name, hz in (("speak", corner.voicemail_hz), ("thanks", corner.promise_hz)):
        write_wav(folder / f"{name}.wav", np.tile(tone(hz), 2))
    steps = '{ say_files = { de = "speak.wav" } }, { record = true, longest = "1m" }'
    then = '{ say_files = { de = "thanks.wav" } }, { park = "voicemail" }'
    return ["[treatments.voicemail]", f"steps = [{steps}, {then}]"]


def _collect(corner: Corner, folder: Path) -> list[str]:
    for name, hz in (("type", corner.collect_hz), ("thanks", corner.promise_hz)):
        write_wav(folder / f"{name}.wav", np.tile(tone(hz), 2))
    asks = '{ collect_files = { de = "type.wav" }, name = "customer", most = 8, for = "20s" }'
    thanks = '{ say_files = { de = "thanks.wav" } }, { music = "default" }'
    return ["[treatments.collect]", f"steps = [{asks}, {thanks}]"]


def _survey(corner: Corner, folder: Path) -> list[str]:
    for name, hz in (("survey", corner.survey_hz), ("thanks", corner.promise_hz)):
        write_wav(folder / f"{name}.wav", np.tile(tone(hz), 2))
    keys = ", ".join(f'"{key}" = "thanks"' for key in range(1, 6))
    return [
        "[treatments.survey]",
        f'steps = [{{ menu_files = {{ de = "survey.wav" }}, keys = {{ {keys} }}, for = "20s" }}]',
        "[treatments.thanks]",
        'steps = [{ say_files = { de = "thanks.wav" } }]',
    ]


def _toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value)
