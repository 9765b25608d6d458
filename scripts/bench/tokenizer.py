#!/usr/bin/env python3
"""Tokenizer speed beside the `tokenizers` library, one thread each, same file, same run.

    swift build -c release --product TokenizerBenchmark      # in Benchmarks/
    venv/bin/python scripts/bench/tokenizer.py BENCHMARK_BINARY tokenizer.json TEXT_FILE

Both encode the file line by line and report CPU time, the best of several passes; the peer's first
pass is its cold figure too. Exit status 1 where the ids differ in number.
"""
import json
import os
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
from tokenizers import Tokenizer, __version__  # noqa: E402

PASSES = 3


def peer(definition, text_file):
    start = time.process_time()
    tokenizer = Tokenizer.from_file(definition)
    load = time.process_time() - start
    lines = [line for line in open(text_file, encoding="utf-8", newline="").read().split("\n") if line]
    megabytes = sum(len(line.encode()) for line in lines) / 1e6
    one, batch = [], []
    for _ in range(PASSES):
        start = time.process_time()
        ids = sum(len(tokenizer.encode(line, add_special_tokens=False).ids) for line in lines)
        one.append(time.process_time() - start)
        start = time.process_time()
        sum(len(e.ids) for e in tokenizer.encode_batch_fast(lines, add_special_tokens=False))
        batch.append(time.process_time() - start)
    return {"load_seconds": load, "cold_mb_per_second": megabytes / one[0],
            "warm_mb_per_second": megabytes / min(one), "batch_fast_mb_per_second": megabytes / min(batch),
            "megabytes": megabytes, "ids": ids}


def main():
    binary, definition, text_file = sys.argv[1:4]
    ours = json.loads(subprocess.run([binary, definition, text_file, str(PASSES)], check=True,
                                     capture_output=True, text=True).stdout)
    theirs = peer(definition, text_file)
    best = max(theirs["warm_mb_per_second"], theirs["batch_fast_mb_per_second"])
    print(json.dumps({"ours": ours, f"tokenizers {__version__}": theirs,
                      "ratio_warm": ours["warm_mb_per_second"] / best,
                      "ratio_cold": ours["cold_mb_per_second"] / theirs["cold_mb_per_second"],
                      "ratio_load": theirs["load_seconds"] / ours["load_seconds"]}, indent=2))
    sys.exit(ours["ids"] != theirs["ids"])


if __name__ == "__main__":
    main()
