"""Public holidays, by country and part of it: `DE-NW`."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any


@lru_cache
def public_holidays(place: str) -> Mapping[date, str]:
    """Days and their names, worked out for each year that is asked for; by `in` and `get` only.

    `place` is a code by ISO 3166-1 or 3166-2. Raises ValueError with a reason: nobody knows such a place.
    """
    import holidays  # noqa: PLC0415 it takes longer than the rest of the site file, and few ask for it

    country, _, part = place.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(f'"{place:.40}" is no country; write it as in "DE" or "DE-NW"')
    if part and part not in known[country]:
        raise ValueError(
            f'"{part:.40}" is no part of {country}; there are {", ".join(known[country]) or "none"}'
        )
    of_country: Any = getattr(holidays, country)
    # The country's own names: those of the machine's locale would make one desk differ from the next.
    found: Mapping[date, str] = of_country(subdiv=part or None, language=of_country.default_language)
    return found
