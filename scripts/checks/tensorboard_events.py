"""Whether TensorBoard reads a run's event files as metrics.jsonl and health.jsonl say.

    pip install tensorboard==2.21.0
    python scripts/checks/tensorboard_events.py RUN

Needs no network. Ends with status 1 and a line for each difference.
"""

import json
import os
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def lines(run, name):
    path = os.path.join(run, name)
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def numbers(row, folder=""):
    for key, value in row.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{folder}{key}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and key != "step":
            yield folder + key, float(value)


def main():
    run = sys.argv[1]
    events = EventAccumulator(
        os.path.join(run, "tensorboard"), size_guidance={"scalars": 0, "histograms": 0, "images": 0})
    events.Reload()
    tags = events.Tags()
    expected = {}
    for row in lines(run, "metrics.jsonl"):
        for tag, value in numbers(row):
            expected.setdefault(tag, []).append((row["step"], value))
    measures = [
        "accuracy", "false_negative_rate", "repeated_rate", "alignment", "uniformity",
        "modality_gap", "query_cosine", "document_cosine", "effective_rank"]
    histograms = {}
    for row in lines(run, "health.jsonl"):
        for name in measures:
            if name in row:
                expected.setdefault(f"health/{row['task']}/{name}", []).append(
                    (row["step"], float(row[name])))
        for name in ["positive", "negative"]:
            histograms.setdefault(f"health/{row['task']}/{name}", []).append(
                (row["step"], row[name]["bins"]))
    faults = []
    for tag, values in expected.items():
        found = [(e.step, e.value) for e in events.Scalars(tag)] if tag in tags["scalars"] else []
        same = len(found) == len(values) and all(
            a[0] == b[0] and abs(a[1] - b[1]) <= 1e-6 * max(1, abs(b[1]))
            for a, b in zip(found, values))
        if not same:
            faults.append(f"{tag}: {found} is not {values}")
    for tag, values in histograms.items():
        found = []
        for event in events.Histograms(tag) if tag in tags["histograms"] else []:
            found.append((event.step, sum(event.histogram_value.bucket)))
        if found != [(step, sum(bins)) for step, bins in values]:
            faults.append(f"{tag}: {found}")
    images = sum(len(events.Images(tag)) for tag in tags["images"])
    if images != len(lines(run, "reconstructions.jsonl")):
        faults.append(f"{images} pictures")
    print("\n".join(faults + [
        f"{len(expected)} scalars, {len(histograms)} histograms, {images} pictures, "
        f"{len(faults)} differences"]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
