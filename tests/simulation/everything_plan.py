"""A plan with every key, on a small site, as files in a folder."""

from pathlib import Path

SITE = """
[server]
timezone = "Europe/Berlin"
[tenants.acme]
[calendars.office]
hours = { mon = "08:00-18:00" }
[skills]
german = "German"
network = "Networks"
[groups.all]
skills = { german = 1 }
[groups.experts]
skills = { network = 2 }
[agents.anna]
skills = { german = 2 }
capacity = { voice = 1, mail = 2, fax = 1 }
[agents.bert]
skills = { german = 1, network = 3 }
phone = "bert"
password_env = "ACD_BERT"
[lines.help]
tenant = "acme"
groups = ["all"]
wrap_up = { time = "30s", codes = ["solved"], max_extension = "2m" }
[lines.second]
tenant = "acme"
groups = ["experts"]
[lines.mail]
tenant = "acme"
groups = ["all"]
calendar = "office"
target = "4h"
[entries.voice."+49 30 555 0101"]
line = "help"
[entries.voice."+49 30 555 0102"]
line = "help"
[entries.voice."+49 30 555 0100"]
line = "help"
head_start = "2m"
[entries.mail."help@acme.example"]
line = "mail"
"""

PLAN = """
site = "site.toml"
name = "everything"
day = 2026-11-23
days = 1
start = "08:00"
end = "10:00"
timezone = "Europe/Berlin"
interval = "30m"
run_on = "45m"
short = "4s"

[demand]
file = "forecast.csv"
sheet = ""
daily_cv = 0.1

[lines.help.voice]
talk = { mean = "4m", cv = 0.8, kind = "gamma" }
hold = { values = ["0s", "30s"] }
wrap_up = { file = "wrap.csv", column = "wrap_up_s", sheet = "" }
code = "solved"
escalate = { share = 0.1, to = "second" }
consult = { share = 0.2, to = "second", talk = { mean = "90s" }, patience = "40s" }
patience = { mean = "3m" }
vip = { share = 0.05, entry = "+49 (30) 555-0100" }
entry = "+49 30 555 0102"
backlog = 2
keys = { 1 = 0.3 }

[lines.help.voice.redial]
probability = 0.5
delay = { mean = "10m" }
most = 4
other_share = 0.2
other_entry = "help@acme.example"

[lines.second.voice]
talk = { mean = 600 }

[lines.mail.mail]
talk = { mean = "5m", kind = "fixed" }

[agents]
file = "roster.csv"
sheet = ""
answer_delay = { mean = "4s", cv = 0.5 }
no_answer = 0.02
back_after = { mean = "2m", kind = "exponential" }
pause_every = { mean = "2h" }
pause = { mean = "5m" }

[[agents.shifts]]
agents = ["bert"]
start = "07:00"
end = "09:30"
breaks = ["08:30-08:45", "09:00-09:05"]

[callbacks]
answer = 0.7
ring = "12s"
dial_class = "local"

[incident]
at = "09:00"
for = "20m"
factor = 3
lines = ["help"]
announced_after = "5m"
announcement = "12s"
deflect = 0.4
mandatory = false
vip_exempt = false

[[goals]]
line = "help"
medium = "voice"
definition = "answered"
threshold = "25s"
share = 0.8

[staffing]
shrinkage = 0.3

[staffing.shifts]
lengths = ["8h", "4h"]
first_start = "06:00"
last_start = "14:00"
every = "15m"
break = "45m"
break_from = "2h"
break_until = "4h"
rest = "12h"
most_shifts = 4
"""

FORECAST = """interval_start,line,medium,offered,aht_s,patience_s
08:00,help,voice,10,300,
08:30,help,voice,12.5,,240
09:00,help,voice,8,150,180
08:00,mail,mail,3,,
"""

ROSTER = """agent,start,end,breaks
anna,2026-11-23 08:00,2026-11-23 16:30,12:00-12:30 09:15-09:30
"""

WRAP = "wrap_up_s\n20\n40\n"

FILES = {
    "site.toml": SITE,
    "plan.toml": PLAN,
    "forecast.csv": FORECAST,
    "roster.csv": ROSTER,
    "wrap.csv": WRAP,
}


def write_files(folder: Path, **changed: str) -> Path:
    """All files, some changed (`plan`, `forecast`, …); returns the plan."""
    for name, text in FILES.items():
        (folder / name).write_text(changed.get(name.partition(".")[0], text), encoding="utf-8")
    return folder / "plan.toml"
