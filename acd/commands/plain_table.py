"""How tables look in a terminal."""

from collections.abc import Iterable

from rich.table import Table


def plain_table(title: str, columns: Iterable[str]) -> Table:
    """Empty, with these headings; what is too long goes on in the next line."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table
