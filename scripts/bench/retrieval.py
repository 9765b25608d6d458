#!/usr/bin/env python3
"""Ranking and scoring a retrieval set, beside PyTorch's blockwise matmul + topk and pytrec_eval.

    venv/bin/python scripts/bench/retrieval.py .build/release/RetrievalBenchmark [--documents 200000]

Both rank the same vectors with the same number of threads, in turn, several times; the figures are
of the best round of each. Rankings are compared with the peer's (whose scores are those of a matrix
product, so neighbours may swap where scores differ by rounding), and scores with float64. With
pytrec_eval installed, every measure of every query is compared with its. Exit status 1 where they
differ. 0.8 GB of disk and 1.5 GB of memory; about a minute.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy
import torch

try:
    import pytrec_eval
except ImportError:
    pytrec_eval = None

DEPTH, BLOCK = 101, 4096
NDCG, RECALL = [1, 5, 10], [1, 5, 10, 100]


def make(folder, queries, documents, width):
    """Unit vectors; each query is near three of the documents; one document of a hundred is a copy."""
    source = numpy.random.default_rng(0)
    corpus = source.standard_normal((documents, width), dtype=numpy.float32)
    copies = source.choice(documents, documents // 100, replace=False)
    corpus[copies] = corpus[(copies * 7 + 1) % documents]
    corpus /= numpy.linalg.norm(corpus, axis=1, keepdims=True)
    ids = [f"d{number}" for number in source.permutation(documents)]
    asked, lines = numpy.zeros((queries, width), numpy.float32), []
    for number in range(queries):
        relevant = source.choice(documents, 3, replace=False)
        noise = source.standard_normal(width).astype(numpy.float32) / width ** 0.5
        asked[number] = corpus[relevant].sum(0) * 0.2 + noise * 1.5
        lines.append({"id": f"q{number}",
                      "relevance": {ids[d]: int(g) for d, g in zip(relevant, (2, 1, 1))}})
    asked /= numpy.linalg.norm(asked, axis=1, keepdims=True)
    with open(folder / "vectors.bin", "wb") as file:
        file.write(asked.tobytes())
        file.write(corpus.tobytes())
    (folder / "set.json").write_text(json.dumps({"width": width, "documents": ids, "queries": lines}))
    return asked, corpus, ids, lines


def search(asked, corpus):
    """The best documents of each query, block by block."""
    left, corpus = torch.from_numpy(asked), torch.from_numpy(corpus)
    best = torch.full((len(asked), 0), 0.0), torch.zeros((len(asked), 0), dtype=torch.int64)
    for start in range(0, len(corpus), BLOCK):
        scores = left @ corpus[start:start + BLOCK].T
        values, places = scores.topk(min(DEPTH, scores.shape[1]), dim=1)
        values, places = torch.cat((best[0], values), 1), torch.cat((best[1], places + start), 1)
        values, order = values.topk(min(DEPTH, values.shape[1]), dim=1)
        best = values, places.gather(1, order)
    return best


def measures(lines, run):
    wanted = {"ndcg_cut." + ",".join(map(str, NDCG)), "recall." + ",".join(map(str, RECALL)),
              "map_cut.10", "recip_rank"}
    evaluator = pytrec_eval.RelevanceEvaluator({q["id"]: q["relevance"] for q in lines}, wanted)
    found = evaluator.evaluate(run)
    named = {}
    for query, values in found.items():
        named[query] = {f"ndcg_at_{k}": values[f"ndcg_cut_{k}"] for k in NDCG}
        named[query] |= {f"recall_at_{k}": values[f"recall_{k}"] for k in RECALL}
        named[query]["map_at_10"] = values["map_cut_10"]
        rank = values["recip_rank"]
        named[query]["mrr_at_10"] = rank if rank > 0.0999 else 0.0
    return named


def peer(asked, corpus, ids, lines):
    start = time.perf_counter()
    values, places = search(asked, corpus)
    middle = time.perf_counter()
    run = {q["id"]: {ids[p]: float(v) for p, v in zip(places[n].tolist(), values[n].tolist())}
           for n, q in enumerate(lines)}
    if pytrec_eval:
        measures(lines, run)
    return middle - start, time.perf_counter() - middle, run


def compare(folder, asked, corpus, ids, lines, run):
    """What differs: rankings, scores from float64, measures from pytrec_eval's on our ranking."""
    place = {name: number for number, name in enumerate(ids)}
    found = [json.loads(line) for line in (folder / "found.jsonl").read_text().splitlines()]
    ranked, worst_score, worst_measure, misplaced = 0, 0.0, 0.0, 0
    theirs = measures(lines, {f["query"]: dict(zip(f["documents"], f["scores"])) for f in found}) \
        if pytrec_eval else {}
    for number, ours in enumerate(found):
        peer_ids = sorted(run[ours["query"]], key=lambda d: (run[ours["query"]][d], d), reverse=True)
        ranked += peer_ids[:100] == ours["documents"][:100]
        rows = corpus[[place[d] for d in ours["documents"]]].astype(numpy.float64)
        exact = rows @ asked[number].astype(numpy.float64)
        worst_score = max(worst_score, float(numpy.abs(exact - ours["scores"]).max()))
        # Whoever the peer has above our last one by more than rounding must be among ours.
        mine = set(ours["documents"])
        misplaced += sum(score > ours["scores"][-1] + 1e-5 and d not in mine
                         for d, score in run[ours["query"]].items())
        misplaced += int((numpy.diff(exact) > 1e-6).sum())
        for name, value in theirs.get(ours["query"], {}).items():
            worst_measure = max(worst_measure, abs(value - ours["measures"][name]))
    return {"queries_ranked_alike": ranked, "misplaced": misplaced, "score_error": worst_score,
            "measure_error": worst_measure if pytrec_eval else None}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = make(folder, options.queries, options.documents, options.width)
        ours, theirs = [], []
        for _ in range(options.rounds):
            output = subprocess.run([options.binary, str(folder), str(options.threads)], check=True,
                                    capture_output=True, text=True).stdout
            ours.append(json.loads(output))
            theirs.append(peer(*data))
        best, other = min(ours, key=lambda r: r["seconds_search"]), min(theirs, key=lambda r: sum(r[:2]))
        compared = compare(folder, *data, theirs[-1][2])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({
            "ours": best, f"torch {torch.__version__}": {
                "seconds_search": other[0], "seconds_measures": other[1], "peak_bytes": peak,
                "pytrec_eval": pytrec_eval is not None},
            "rounds": [(r["seconds_search"], sum(t[:2])) for r, t in zip(ours, theirs)],
            "ratio": sum(other[:2]) / best["seconds_search"], **compared}, indent=2))
        sys.exit(compared["misplaced"] > 0 or (compared["measure_error"] or 0) > 1e-12)


if __name__ == "__main__":
    main()
