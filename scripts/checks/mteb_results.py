#!/usr/bin/env python3
"""Reads what `moca evaluate vidore|retrieval --mteb DIR` wrote with mteb itself.

    scripts/checks/mteb_results.py DIR

Needs mteb (tried with 2.26).
"""

import argparse
import json
from pathlib import Path

from mteb.models.model_meta import ModelMeta
from mteb.results import TaskResult


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    files = sorted(parser.parse_args().folder.glob("*/*/*.json"))
    results = [file for file in files if file.name != "model_meta.json"]
    assert results, "there is no result"
    for file in results:
        result = TaskResult.from_disk(file)
        entries = result.scores["test"]
        print(f"{result.task_name}: {[round(entry['main_score'], 4) for entry in entries]} "
              f"{[entry['hf_subset'] for entry in entries]}")
    for file in files:
        if file.name == "model_meta.json":
            meta = ModelMeta(**json.loads(file.read_text()))
            print(f"{meta.name} at {meta.revision}, {meta.n_parameters} parameters")


if __name__ == "__main__":
    main()
