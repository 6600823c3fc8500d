"""Pieces of site files with treatments, to be put together."""

ENTRY = '[entries.voice."+49 30 555 0101"]'
OUTBOUND = '[sip]\n[[outbound]]\npurpose = "callback"\nclasses = ["foreign"]\nprefixes = ["+49"]\n'
HELLO = '{ say = { en = "Hello", de = "Hallo" } }'
ASK = 'menu = { en = "Which?", de = "Was?" }'
MUSIC = '{ music = "default", for = "30s" }'
IS_A_LINE = '"help" is a line: a treatment with { enqueue = "help" } leads there'


def treatment(name: str, *steps: str) -> str:
    return f"[treatments.{name}]\nsteps = [{', '.join(steps)}]\n"


def at_entry(small: str, name: str) -> str:
    return small.replace(ENTRY, f'{ENTRY}\ntreatment = "{name}"')


def at_line(small: str, name: str) -> str:
    return small.replace('target = "20s"', f'target = "20s"\ntreatment = "{name}"')


def when_closed(small: str, name: str) -> str:
    return small.replace('target = "20s"', f'hours = "office"\nwhen_closed = {{ treatment = "{name}" }}')


def spare(*more: str) -> str:
    lines = "\n".join(more)
    return f'[lines.spare]\ntenant = "acme"\ngroups = ["experts"]\n{lines}\n'
