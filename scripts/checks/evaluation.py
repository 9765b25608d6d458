#!/usr/bin/env python3
"""Compares `moca evaluate` with an evaluation of our own of the vectors that `moca embed` writes.

    scripts/checks/evaluation.py [MODEL] [--moca .build/release/moca] [--data examples/data]

DATA has the sets in `mmeb-eval/SET/test.parquet` and `vidore/SET/{corpus,queries,qrels}`; image paths
start in it. Per set: records are written for `moca embed` (with the model's prompts, if any), scores
are computed with numpy and pytrec_eval, and each query's must be those of `moca evaluate`. Batches
differ, so a similarity may move by MARGIN; a query whose outcome hangs on that is counted, and no
other may differ. Then all means and counts must be equal. Needs numpy, pyarrow and
pytrec-eval-terrier (tried with 2.4, 26.0 and 0.5.11). Minutes for examples/data on two cores.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytrec_eval

MARGIN = 1e-5
TOLERANCE = 1e-9  # absolute, on means: both sides sum in double
VISION = "<|vision_start|><|image_pad|><|vision_end|>"
PLACEHOLDER = "<|image_1|>"
# What MoCa's evaluation says about a page, where the model has no prompt of its own.
PAGE = f"{VISION}\nRepresent the given document image."
PYTREC = {"ndcg_cut.1,5,10", "recall.1,5,10,100", "map_cut.10", "recip_rank"}


class Embedder:
    """`moca embed`, a call for each role."""

    def __init__(self, program, model, images):
        self.program, self.model, self.images = program, model, images
        contract = model / "moca.json"
        settings = json.loads(contract.read_text()) if contract.exists() else {}
        self.roles = set(settings.get("prompts", {}))

    def __call__(self, records, role):
        """Vectors [n, width] of records."""
        with tempfile.TemporaryDirectory() as folder:
            source, output = Path(folder) / "in.jsonl", Path(folder) / "out.npy"
            source.write_text("".join(json.dumps(record) + "\n" for record in records))
            command = [self.program, "embed", "--model", self.model, "--input", source,
                       "--output", output, "--images", self.images]
            command += ["--prompt", role] if role in self.roles else []
            subprocess.run(command, check=True)
            return np.load(output)


def rows(path):
    return [row for file in sorted(path.glob("*.parquet"))
            for row in parquet.read_table(file).to_pylist()]


def similarities(query, candidates):
    """In double, a candidate at a time, and then float32: equal vectors give equal numbers."""
    return (candidates.astype(np.float64) * query.astype(np.float64)).sum(axis=1).astype(np.float32)


def evaluate(program, model, benchmark, data, images, output):
    command = [program, "evaluate", benchmark, "--model", model, "--data", data, "--output", output,
               "--json"]
    command += ["--images", images] if images else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    scores = json.loads(done.stdout)
    assert scores == json.loads((output / "scores.json").read_text()), "two versions of the scores"
    return scores


def outcomes(output, name):
    lines = (output / f"{name}_queries.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


class Differences:
    """Queries whose outcome hangs on rounding, and what must not differ."""

    def __init__(self, name):
        self.name, self.near = name, []

    def check(self, query, ours, theirs, is_near):
        if all(abs(ours[key] - theirs[key]) <= TOLERANCE for key in ours):
            return
        assert is_near, f"{self.name}, query {query}: {ours} here, {theirs} by moca evaluate"
        self.near.append(query)

    def compare(self, measure, mean, reported, count):
        allowed = TOLERANCE + len(self.near) / count
        assert abs(mean - reported) <= allowed, (
            f"{self.name}, {measure}: {mean} here, {reported} by moca evaluate")


def precision_set(folder, embed, output, scores):
    name, records = folder.name, rows(folder)
    inputs = {"query": {}, "document": {}, "document_image": {}}

    def number(role, text, path):
        found = inputs[role]
        return role, found.setdefault((text, path), len(found))

    queries = []
    for row in records:
        texts = row["tgt_text"]
        paths = row["tgt_img_path"] or [""] * len(texts)
        queries.append((
            number("query", row["qry_text"], row["qry_img_path"] or ""),
            [number("document_image" if path else "document", text, path or "")
             for text, path in zip(texts, paths, strict=True)]))
    vectors = {role: embed([record(*key) for key in found], role)
               for role, found in inputs.items() if found}
    differences, correct = Differences(name), 0
    for (query, candidates), theirs in zip(queries, outcomes(output, name), strict=True):
        values = similarities(
            vectors[query[0]][query[1]], np.stack([vectors[role][n] for role, n in candidates]))
        best = values[1:].max(initial=-2)
        is_right = bool(values[0] > best)
        correct += is_right
        differences.check(theirs["query"], {"precision_at_1": float(is_right)}, theirs["measures"],
                          abs(values[0] - best) <= 2 * MARGIN)
    score = scores["sets"][name]
    assert score["num_queries"] == len(queries)
    assert abs(score["num_correct"] - correct) <= len(differences.near)
    mean = correct / len(queries)
    differences.compare("precision_at_1", mean, score["precision_at_1"], len(queries))
    print(f"{name}: precision_at_1 {score['precision_at_1']:.4f}, here {mean:.4f}, "
          f"{len(queries)} queries, {len(differences.near)} differ within rounding")
    return mean, len(differences.near)


def record(text, path):
    """A side of MMEB as a record of `moca embed`: the placeholder is where the image goes."""
    if not path:
        return {"text": text.replace(PLACEHOLDER, "")}
    return {"text": text.replace(PLACEHOLDER, VISION), "images": [path]}


def ranking_set(folder, embed, output, scores):
    name = folder.name
    with tempfile.TemporaryDirectory() as pictures:
        pages, records = rows(folder / "corpus"), []
        for number, page in enumerate(pages):
            path = Path(pictures) / f"{number}"
            path.write_bytes(page["image"]["bytes"])
            text = VISION if "document_image" in embed.roles else PAGE
            records.append({"text": text, "images": [str(path)]})
        documents = embed(records, "document_image")
    queries = rows(folder / "queries")
    asked = embed([{"text": row["query"]} for row in queries], "query")
    relevance = {}
    for row in rows(folder / "qrels"):
        relevance.setdefault(str(row["query-id"]), {})[str(row["corpus-id"])] = int(row["score"])
    ids = [str(page["corpus-id"]) for page in pages]
    run, values = {}, {}
    for row, vector in zip(queries, asked, strict=True):
        query = str(row["query-id"])
        if query in relevance:
            values[query] = similarities(vector, documents)
            run[query] = dict(zip(ids, map(float, values[query]), strict=True))
    found = pytrec_eval.RelevanceEvaluator(relevance, PYTREC).evaluate(run)
    ours = {query: named(one) for query, one in found.items()}
    reported = {one["query"]: one["measures"] for one in outcomes(output, name)}
    assert ours.keys() == reported.keys(), f"{name}: other queries"
    differences = Differences(name)
    for query, measures in ours.items():
        grades = np.array([relevance[query].get(one, 0) for one in ids])
        differences.check(query, {key: value for key, value in measures.items()
                                  if key in reported[query]}, reported[query],
                          is_near(values[query], grades))
    score = scores["sets"][name]
    assert score["num_queries"] == len(ours)
    means = {key: float(np.mean([one[key] for one in ours.values()]))
             for key in next(iter(ours.values()))}
    for measure, mean in means.items():
        differences.compare(measure, mean, score[measure], len(ours))
    print(f"{name}: " + ", ".join(
        f"{key} {score[key]:.4f} (here {means[key]:.4f})"
        for key in ["ndcg_at_5", "ndcg_at_10", "recall_at_10", "mrr_at_10", "map_at_10"])
        + f", {len(ours)} queries, {len(differences.near)} differ within rounding")
    return means["ndcg_at_5"], len(differences.near)


def named(found):
    values = {f"ndcg_at_{k}": found[f"ndcg_cut_{k}"] for k in (1, 5, 10)}
    values |= {f"recall_at_{k}": found[f"recall_{k}"] for k in (1, 5, 10, 100)}
    values["map_at_10"] = found["map_cut_10"]
    values["mrr_at_10"] = found["recip_rank"] if found["recip_rank"] > 0.0999 else 0.0
    return values


def is_near(values, grades):
    """Whether documents of different grades are so near that rounding may exchange them."""
    order = np.argsort(-values, kind="stable")
    ordered, grade = values[order], grades[order]
    starts = np.flatnonzero(np.diff(ordered) < -2 * MARGIN) + 1
    return any(len(set(part)) > 1 for part in np.split(grade, starts))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=Path("models/nano"))
    parser.add_argument("--moca", type=Path, default=Path(".build/release/moca"))
    parser.add_argument("--data", type=Path, default=Path("examples/data"))
    arguments = parser.parse_args()
    program = arguments.moca.resolve()
    archive = arguments.data / "images.zip"
    images = archive if archive.exists() else arguments.data
    embed = Embedder(program, arguments.model, images)
    for benchmark, folder, pictures, check in [
            ("mmeb", "mmeb-eval", images, precision_set),
            ("vidore", "vidore", None, ranking_set)]:
        sets = arguments.data / folder
        if not sets.exists():
            continue
        with tempfile.TemporaryDirectory() as output:
            output = Path(output)
            scores = evaluate(program, arguments.model, benchmark, sets, pictures, output)
            found = {name: check(sets / name, embed, output, scores) for name in scores["sets"]}
        group = scores["groups"]["mean"]
        assert sorted(group["sets"]) == sorted(found), "the mean is over other sets"
        mean = float(np.mean([one[0] for one in found.values()]))
        near = sum(one[1] for one in found.values())
        assert abs(mean - group["mean"]) <= TOLERANCE + near, "the mean differs"
        if not near:
            assert abs(mean - group["mean"]) <= TOLERANCE, "the mean differs"
        print(f"{benchmark}: mean {group['metric']} {group['mean']:.6f}, here {mean:.6f}, over "
              f"{len(found)} sets; {near} queries differ within rounding")


if __name__ == "__main__":
    main()
