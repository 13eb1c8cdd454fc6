#!/usr/bin/env python3
"""Writes docs/results: every figure measured, or taken from what was measured before.

    python3 bench/results                          lists the pages, and how many of their runs are there
    python3 bench/results markov                   trains what is missing, scores it, keeps the figures, writes the page
    python3 bench/results markov --only c9,c10     these rows alone
    python3 bench/results addition --seeds 8       the first eight seeds of each row
    python3 bench/results regular                  half an hour of two cores at most
    python3 bench/results markov --render          writes the page from the figures that are there; trains nothing
    python3 bench/results --check                  whether every page is what its figures give, byte for byte

Stopping it is safe: finished runs are kept, and a run that was stopped is gone on with. A page is one file here, with its rows, what was
printed elsewhere, and how it is written; its figures are a .json file beside it. Needs Python 3.9 and a built program
(cargo build --release).
"""

import argparse
import os
import pathlib
import sys

import addition
import markov
import regular
import runs

PAGES = {page.NAME: page for page in (markov, addition, regular)}


def store_of(page):
    return runs.Store(pathlib.Path(__file__).resolve().parent / f"{page.NAME}.json", page.FIGURES)


def document_of(page):
    return runs.ROOT / "docs" / "results" / f"{page.NAME}.md"


def write(page, store):
    path = document_of(page)
    path.parent.mkdir(exist_ok=True)
    path.write_text(page.document(store.data))
    print(os.path.relpath(path, runs.ROOT))


def is_what_its_figures_give(page):
    path = document_of(page)
    same = path.exists() and path.read_text() == page.document(store_of(page).data)
    said = "as its figures give it" if same else f"NOT what its figures give; python3 bench/results {page.NAME} --render writes it"
    print(f"{os.path.relpath(path, runs.ROOT)}: {said}")
    return same


def list_pages():
    for page in PAGES.values():
        rows = store_of(page).data["rows"]
        there = sum(len(rows.get(row["name"], {"runs": ()})["runs"]) for row in page.ROWS)
        print(f"{page.NAME}: {there} of {sum(len(row['seeds']) for row in page.ROWS)} runs")


def measure(page, options):
    store = store_of(page)
    wanted = options.only.split(",") if options.only else [row["name"] for row in page.ROWS]
    unknown = set(wanted) - {row["name"] for row in page.ROWS}
    if unknown:
        raise SystemExit(f"{page.NAME} has no row {', '.join(sorted(unknown))}; there are {', '.join(row['name'] for row in page.ROWS)}")
    rows = [{**row, "seeds": row["seeds"][: options.seeds]} for row in page.ROWS if row["name"] in wanted]
    page.measure(rows, store, options)
    write(page, store)


def main():
    parser = argparse.ArgumentParser(prog="python3 bench/results", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", nargs="?", choices=PAGES)
    parser.add_argument("--only", metavar="ROW,ROW", help="these rows alone")
    parser.add_argument("--render", action="store_true", help="write the page from the figures that are there")
    parser.add_argument("--check", action="store_true", help="compare every page with its figures; exit status 1 if one differs")
    parser.add_argument("--runs", type=pathlib.Path, default=runs.ROOT / "runs" / "results", help="the folder of the records")
    parser.add_argument("--program", type=pathlib.Path, default=runs.PROGRAM, help="the program (default: the release build)")
    parser.add_argument("--seeds", type=int, metavar="N", help="the first N seeds of each row (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--threads", type=int, default=2, help="threads of each; they change no bit")
    options = parser.parse_args()
    if options.check:
        return 0 if all([is_what_its_figures_give(page) for page in PAGES.values()]) else 1
    if options.page is None:
        return list_pages()
    page = PAGES[options.page]
    return write(page, store_of(page)) if options.render else measure(page, options)


if __name__ == "__main__":
    sys.exit(main())
