"""What reports and notebooks are made of: headings, paragraphs, tables and pictures."""

from typing import NamedTuple


class Heading(NamedTuple):
    """A heading of level 1 to 3."""

    text: str
    level: int


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Table(NamedTuple):
    """A header and rows of cells, all str."""

    header: tuple
    rows: list


class Picture(NamedTuple):
    """A figure, or the path of a PNG file, with its name."""

    name: str
    figure: object
