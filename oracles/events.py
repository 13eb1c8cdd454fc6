#!/usr/bin/env python3
"""Event files as TensorBoard itself writes and reads them, for the test of crates/lab/src/events.rs.

    python oracles/events.py            writes crates/lab/tests/oracles/events.json
    python oracles/events.py --check    writes and reads everything again; exit status 1 if a byte or a number has moved

The file holds lines as they stand in a record's metrics.jsonl, and the bytes of their event file in hexadecimal digits, made by
TensorBoard's messages and its writer of records; its own reader has to give the numbers back.
"""

import argparse, io, json, pathlib, sys, tempfile

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/lab/tests/oracles/events.json"
SCALARS = ["loss", "validation", "excess", "rate", "gradient_norm"]
KEYS = ["step", "tokens", "rate", "loss", "gradient_norm", "validation", "excess", "seconds"]
# A first line without validation, one with, one at time 0 with an excess of exactly 0, one whose step takes several bytes.
LINES = [
    dict(zip(KEYS, [1, 4064, 3e-4, 2.397895, 1.25, None, None, 0.125])),
    dict(zip(KEYS, [60, 243840, 6e-3, 1.9125, 0.5, 1.91, 0.0265, 0.75])),
    dict(zip(KEYS, [127, 516128, 5.5e-3, 1.9, 0.25, 1.8881, 0.0, 0.0])),
    dict(zip(KEYS, [1200000, 4876800000, 0.0, 1.888, 0.001, 1.8885, -1e-9, 86400.5])),
]


def written():
    """The bytes that TensorBoard writes."""
    out = io.BytesIO()
    records = RecordWriter(out)
    records.write(Event(file_version="brain.Event:2").SerializeToString())
    for line in LINES:
        values = [Summary.Value(tag=tag, simple_value=line[tag]) for tag in SCALARS if line[tag] is not None]
        records.write(Event(wall_time=line["seconds"], step=line["step"], summary=Summary(value=values)).SerializeToString())
    return out.getvalue()


def read(content):
    """(tag, step, wall time, value) of every scalar that TensorBoard finds in a file."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "events.out.tfevents.infimum").write_bytes(content)
        accumulator = EventAccumulator(folder)
        accumulator.Reload()
        scalars = {tag: accumulator.Scalars(tag) for tag in accumulator.Tags()["scalars"]}
    return sorted((tag, event.step, event.wall_time, event.value) for tag, events in scalars.items() for event in events)


def expected():
    found = [(tag, line["step"], line["seconds"], float(np.float32(line[tag]))) for line in LINES for tag in SCALARS if line[tag] is not None]
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored file instead of writing it")
    everything = {"lines": LINES, "file": written().hex()}
    if not parser.parse_args().check:
        FILE.write_text(json.dumps(everything, indent=1) + "\n")
        return
    stored = json.loads(FILE.read_text())
    found = [] if stored == everything else ["the stored file is not what TensorBoard writes"]
    found += [] if read(bytes.fromhex(stored["file"])) == expected() else ["TensorBoard reads other numbers than the lines have"]
    print("\n".join(found) or f"{FILE.name}: every byte and every number again")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
