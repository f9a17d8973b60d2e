"""Blocks of a report as Markdown, with pictures beside it, and as one HTML file."""

import base64
import html
import io
import re
from pathlib import Path

from mtl_keras.experiments.blocks import Heading, Picture, Text

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0; font-size: 14px }
td, th { border-bottom: 1px solid #ddd; padding: .2em .7em; text-align: left }
img { max-width: 100% }
"""


def write(blocks, folder, name="report"):
    """Writes a report as `NAME.md`, its pictures in `NAME/`, and as `NAME.html`, one file.

    Args:
        blocks: list, of headings, texts, tables and pictures.
        folder: path, made if it is not there.
        name: str. Defaults to `"report"`.

    Returns:
        (path of the Markdown, path of the HTML).

    Example:
        >>> import tempfile
        >>> from mtl_keras.experiments.blocks import Table
        >>> blocks = [Heading("Digits", 1), Table(("row", "score"), [("joint", "99 %")])]
        >>> markdown, page = write(blocks, tempfile.mkdtemp())
        >>> print(markdown.read_text())
        # Digits
        <BLANKLINE>
        | row | score |
        | --- | --- |
        | joint | 99 % |
        <BLANKLINE>
        >>> "<td>99 %</td>" in page.read_text()
        True
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [_png(b.figure) if isinstance(b, Picture) else None for b in blocks]
    for block, content in zip(blocks, pictures):
        if content is not None:
            path = folder / _file(name, block)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    parts = [markdown(block, name) for block in blocks]
    text, page = folder / f"{name}.md", folder / f"{name}.html"
    text.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    body = "\n".join(_html(*pair) for pair in zip(blocks, pictures))
    page.write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>'
        f"{html.escape(_title(blocks))}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n"
        "</body></html>\n",
        encoding="utf-8",
    )
    return text, page


def _title(blocks):
    return next((block.text for block in blocks if isinstance(block, Heading)), "Report")


def _file(name, block):
    return f"{name}/{re.sub(r'[^a-z0-9]+', '_', block.name.lower())}.png"


def _png(figure):
    if isinstance(figure, Path):
        return figure.read_bytes()
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def markdown(block, name="report"):
    """Returns a block as Markdown; a picture as a link into the folder `NAME/`.

    Example:
        >>> print(markdown(Heading("Digits", 2)))
        ## Digits
    """
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, Text):
        return block.text
    if isinstance(block, Picture):
        return f"![{block.name}]({_file(name, block)})"
    lines = [block.header, ["---"] * len(block.header), *block.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _html(block, picture):
    if isinstance(block, Heading):
        return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
    if isinstance(block, Text):
        text = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(block.text))
        return f"<p>{text}</p>"
    if isinstance(block, Picture):
        name = html.escape(block.name)
        content = base64.b64encode(picture).decode()
        return f'<h3>{name}</h3>\n<img alt="{name}" src="data:image/png;base64,{content}">'
    cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in block.header)
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in block.rows
    )
    return f"<table>\n<tr>{cells}</tr>\n{rows}\n</table>"
