"""How long the speech engine takes to say a text, by its characters: what plans estimate texts by.

    python bench/speech.py [--json]

Twenty texts of different length in each language are spoken; a line is fitted to their lengths by least
squares of the relative errors. `rms` and `worst` are relative errors of the paces in `simulation.plan.texts`;
`position_ms` is the mean length of the announcements of a place, `expected_wait_ms` that of a wait. Nothing
here depends on the machine.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from py_nanotts import NanoTTS

if not __package__:  # run as a file: only its own folder is on the path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from channels.media.sound.prompts import VOICES, Voice
from channels.sip.prompts import ONE_AHEAD, POSITIONS, wait_text
from simulation.plan.texts import PACES

BYTES_PER_MS = 32
"""16 kHz, 16 bits."""

TEXTS = {
    "de": """
        Guten Tag.

        Auf Wiederhören.

        Bitte warten Sie.

        Drücken Sie die Eins.

        Vielen Dank für Ihren Anruf.

        Sie sind der nächste Anrufer.

        Willkommen bei der Nordwind AG.

        Alle Mitarbeiter sind im Gespräch.

        Im Rechenzentrum wird heute gewartet.

        Bitte haben Sie noch einen Augenblick Geduld.

        Sie werden verbunden mit der Lohnabrechnung.

        Zurzeit warten sehr viele Anrufer. Die Wartezeit beträgt mehr als zehn Minuten.

        Guten Tag, Sie sprechen mit dem Servicedesk der Nordwind AG. Bitte bleiben Sie am Apparat.

        Wir rufen Sie gern zurück, Sie verlieren Ihren Platz nicht. Drücken Sie dazu bitte die Eins und
        legen Sie auf.

        Leider rufen Sie außerhalb unserer Servicezeiten an. Sie erreichen uns montags bis freitags von
        acht bis achtzehn Uhr.

        Für Fragen zu Ihrem Passwort drücken Sie die Eins, für Störungen die Zwei, für alles andere
        bleiben Sie bitte in der Leitung.

        Derzeit ist die Anmeldung am VPN gestört. Unsere Techniker arbeiten daran. Wir rechnen damit, dass
        die Störung um vierzehn Uhr behoben ist.

        Dieses Gespräch wird zur Sicherung der Qualität aufgezeichnet. Wenn Sie damit nicht einverstanden
        sind, sagen Sie es bitte unserem Mitarbeiter zu Beginn des Gesprächs.

        Bitte halten Sie Ihre Personalnummer bereit, sie steht oben rechts auf Ihrer letzten Abrechnung.
        Ohne diese Nummer können wir Ihnen am Telefon leider keine Auskunft geben.

        Bei Ausfall des gesamten Netzes an Ihrem Standort wenden Sie sich bitte an die Bereitschaft, deren
        Nummer im Aushang neben dem Verteilerraum steht. Alle anderen Anliegen bearbeiten wir am nächsten
        Werktag in der Reihenfolge ihres Eingangs. Wir danken für Ihr Verständnis.
    """,
    "en": """
        Goodbye.

        Press one.

        Good morning.

        Please hold the line.

        Welcome to Northwind.

        You are the next caller.

        Thank you for your call.

        All our agents are busy.

        You are being connected with payroll.

        Please be patient for another moment.

        The data centre is being serviced today.

        Hello, this is the service desk of Northwind. Please stay on the line.

        Many callers are waiting at the moment. The wait is longer than ten minutes.

        We are happy to call you back, and you will not lose your place. Please press one and hang up.

        You are calling outside our service hours. We are here from Monday to Friday, from eight until six
        o'clock.

        For questions about your password press one, for faults press two, for everything else please stay
        on the line.

        The VPN is out of order at present. Our technicians are working on it. We expect it to be back at
        two o'clock in the afternoon.

        This call is recorded to assure our quality. If you do not agree, please say so to our agent at
        the beginning of the conversation.

        Please have your staff number ready, it is at the top right of your last pay slip. Without this
        number we are not able to tell you anything on the telephone.

        If the whole network of your site is down, please turn to the standby service, whose number is on
        the notice beside the distribution room. All other matters we deal with on the next working day,
        in the order in which they came in. Thank you for your understanding.
    """,
}
"""By language, with an empty line between them."""


def main() -> None:
    found = {language: measured(language, parted(texts)) for language, texts in TEXTS.items()}
    if "--json" in sys.argv[1:]:
        print(json.dumps(found))
        return
    for language, one in found.items():
        print(language, *(f"{name} {value:g}" for name, value in one.items()), sep="  ")


def parted(texts: str) -> list[str]:
    """Each of them on one line."""
    return [" ".join(text.split()) for text in texts.split("\n\n")]


def measured(language: str, texts: Sequence[str]) -> dict[str, Any]:
    """The line that fits, in ms and ms per character, and how far the paces of plans are off."""
    voice = VOICES[language]
    characters = np.array([float(len(text)) for text in texts])
    spoken_ms = np.array([length_ms(text, voice) for text in texts])
    weighted = np.column_stack((1 / spoken_ms, characters / spoken_ms))
    (ends_ms, character_ms), *_ = np.linalg.lstsq(weighted, np.ones(len(texts)), rcond=None)
    errors = np.array([PACES[language].length_ms(text) for text in texts]) / spoken_ms - 1
    return {
        "ends_ms": round(float(ends_ms)),
        "character_ms": round(float(character_ms), 1),
        "rms": round(float(np.sqrt(np.mean(errors**2))), 3),
        "worst": round(float(np.abs(errors).max()), 3),
        "position_ms": round(float(np.mean([length_ms(text, voice) for text in positions(language)]))),
        "expected_wait_ms": round(float(np.mean([length_ms(text, voice) for text in waits(language)]))),
    }


def positions(language: str) -> list[str]:
    """Some of what is told of places."""
    first, ahead, beyond = POSITIONS[language]
    return [first, ONE_AHEAD[language], ahead.format(ahead=5), beyond]


def waits(language: str) -> list[str]:
    """Some of what is told of an expected wait."""
    return [wait_text(language, minutes) for minutes in (0, 1, 5, 15, 61)]


def length_ms(text: str, voice: Voice) -> float:
    return len(NanoTTS().speak(text, voice=voice.value)) / BYTES_PER_MS


if __name__ == "__main__":
    main()
