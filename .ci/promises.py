"""Checks what the README promises of its main job against the newest record under runs/."""

import json
import pathlib

EXCESS_NATS = 0.003  # upper end of the interval
SECONDS = 60.0 * 3  # the README says a minute on an idle machine; here a neighbour may be busy

record = max(pathlib.Path("runs").iterdir(), key=lambda folder: (folder / "summary.json").stat().st_mtime)
summary = json.loads((record / "summary.json").read_text())
figures = {figure["name"]: figure for figure in summary["figures"]}
high, accuracy = figures["excess_loss"]["high"], figures["accuracy"]
print(f"{record}: {summary['seconds']:.1f} s, excess_loss at most {high:.5f} nats, accuracy {accuracy['value']:.4f} of {accuracy['optimum']:.4f}")
assert summary["status"] == "finished", summary["status"]
assert high <= EXCESS_NATS, f"the upper end of excess_loss is {high}, {EXCESS_NATS} is promised"
assert accuracy["value"] >= accuracy["optimum"] - 0.003, "accuracy is more than 0.3 points below its ceiling"
assert summary["seconds"] <= SECONDS, f"{summary['seconds']} s"
