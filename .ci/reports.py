#!/usr/bin/env python3
"""Opens reports in a headless browser and fails on a console message, a request to anywhere, a missing figure, or text that is cut off.

    .ci/reports.py BROWSER KIND [--pictures DIR] REPORT...

BROWSER is a Chromium; KIND says what the reports are of: chains, sums, differences or words. Needs the package playwright. With --pictures, a PNG of each report is kept for each width and colour scheme.
"""

import argparse
import pathlib
import sys

from playwright.sync_api import sync_playwright

COMMON = ["loss", "excess", "norms", "positions", "calibration"]
DIFFERENCES = [*COMMON, "exact-match", "margins", "digit-places", "attention-0-0", "embedding"]
PICTURES = {
    "chains": [*COMMON, "learned", "true", "difference"],
    "differences": DIFFERENCES,
    "sums": [*DIFFERENCES, "carry-runs"],
    "words": [*COMMON, "automaton", "class-by-length", "probes", "gradients", "attention-0-0", "circuits-0-0"],
}
TABLES = ["figures", "parameters", "runs", "plan", "command"]
KEPT = {"chains": ["quality"]}  # those of kept checkpoints
WIDTHS, SCHEMES = [1200, 400], ["light", "dark"]

# What is wrong with the open page, a sentence for each.
FINDINGS = """async ([pictures, tables]) => {
  const found = [];
  const size = element => element.getBoundingClientRect();
  for (const id of [...pictures, ...tables]) {
    const element = document.getElementById(id);
    if (!element) { found.push(`${id} is missing`); continue; }
    if (size(element).width <= 0 || size(element).height <= 0) found.push(`${id} has no size`);
  }
  for (const id of pictures) {
    const svg = document.getElementById(id);
    if (!svg) continue;
    if (svg.viewBox.baseVal.width <= 0 || svg.viewBox.baseVal.height <= 0) found.push(`${id} has no natural size`);
    if (!svg.querySelector(':scope > title')?.textContent || !svg.querySelector(':scope > desc')?.textContent) found.push(`${id} has no words`);
    if (!svg.querySelector('polyline[points*=","], circle, image')) found.push(`${id} is empty`);
    const box = size(svg);
    for (const text of svg.querySelectorAll('text')) {
      const at = size(text);
      if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1)
        found.push(`${id}: "${text.textContent}" is cut off`);
    }
    for (const image of svg.querySelectorAll('image')) {
      const decoded = new Image();
      decoded.src = image.getAttribute('href');
      await decoded.decode().catch(() => found.push(`${id}: its picture cannot be read`));
      if (!(decoded.naturalWidth > 1 && decoded.naturalHeight > 1)) found.push(`${id}: its picture has no size`);
    }
  }
  if (document.documentElement.scrollWidth > window.innerWidth) found.push('the page is wider than the window');
  return found;
}"""


def findings(browser, report, kind, width, scheme, pictures):
    """What is wrong with `report`, which is of this kind, in a window of this width."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page, found = context.new_page(), []
    page.on("console", lambda message: found.append(f"the console says: {message.text}"))
    page.on("pageerror", lambda error: found.append(f"an error: {error}"))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else found.append(f"it asks for {request.url}"))
    page.goto(report.resolve().as_uri())
    found += page.evaluate(FINDINGS, [PICTURES[kind], TABLES + KEPT.get(kind, [])])
    if pictures:
        page.screenshot(path=str(pictures / f"{report.stem}-{width}-{scheme}.png"), full_page=True)
    context.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("browser")
    parser.add_argument("kind", choices=PICTURES)
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("reports", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    failed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.browser, args=["--no-sandbox"])
        for report in arguments.reports:
            for width, scheme in [(width, scheme) for width in WIDTHS for scheme in SCHEMES]:
                found = findings(browser, report, arguments.kind, width, scheme, arguments.pictures)
                failed |= bool(found)
                print(f"{report.name}, {width} px, {scheme}: {'; '.join(found) or 'every figure, no message'}")
        browser.close()
    return failed


if __name__ == "__main__":
    sys.exit(main())
