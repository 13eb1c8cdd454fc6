"""Markdown: tables and numbers."""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def count(number):
    """12,345 in full, millions in short: 4.1 M."""
    return f"{number / 1e6:,.1f} M" if number >= 1e6 else f"{number:,}"


def runs(number):
    return "1 run" if number == 1 else f"{number:,} runs"


def share(part):
    """A share of the published tokens in per cent, two significant digits."""
    return f"{100 * part:.2g} %"


def listed(words):
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def shortened(word, most=24):
    """A long word by its beginning and how long it is."""
    return word if len(word) <= most else f"{word[:most - 3]}..., {len(word)} symbols"
