#!/usr/bin/env python3
"""Write what `make demo` searches: held-out pictures and pages, and captions to find them by.

Reads examples/data and writes into examples/demo (deterministic, two seconds):
    pictures.txt   names of the held-out pictures in examples/data/images.zip
    pages/         the held-out manual pages, as they are in the ViDoRe set
    queries.tsv    language, right files (relative to examples, several split by a space), caption
    mmeb-eval/     a part of a large evaluation set, so that the demo is short
and into examples/pictures a few pictures as files, to try commands on.
Pictures and headings are chosen by the sha1 of their names, not by how well a model finds them.

Needs `pyarrow`:
    python3 scripts/make/demo-queries.py
"""
import ast
import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LANGUAGES = ["en", "de", "ja"]
EMOJI = 4
CLIPS = 3
HEADING_LANGUAGES = ["en", "ru", "zh_CN"]
LOOSE = {"emoji_noto": 20, "openclipart": 19}   # and the picture that the documents name
NAMED = {"red-apple": "images/emoji_noto/1F34E.jpg"}
PARTS = {"WordNet_def2word": (200, 10)}   # queries, candidates of each


def chosen(rows, key, count):
    """The first `count` rows in the order of a digest."""
    return sorted(rows, key=lambda row: hashlib.sha1(row[key].encode()).hexdigest())[:count]


def write_part(source, folder, count, candidates):
    """`count` rows of an MMEB set with the first `candidates` of each; the first is right."""
    table = parquet.read_table(source)
    rows = chosen([dict(row, key=row["qry_text"] + row["qry_img_path"])
                   for row in table.to_pylist()], "key", count)
    for row in rows:
        del row["key"]
        for column in ("tgt_text", "tgt_img_path"):
            cell = row[column]
            cell = ast.literal_eval(cell) if isinstance(cell, str) else cell
            row[column] = cell[:candidates]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parquet.write_table(arrow.Table.from_pylist(rows), folder / "test.parquet")


def write_pictures(held_out, archive, folder):
    """A few pictures as files that are named by their captions."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = dict(NAMED)
    for source, count in LOOSE.items():
        named = {}
        for row in chosen([row for row in held_out if row["source"] == source], "path", 10 * count):
            caption = json.loads(row["captions_json"])["en"].split(" (")[0].lower()
            name = re.sub(r"[^a-z0-9]+", "-", caption).strip("-")
            if len(named) < count and name not in names:
                named.setdefault(name, row["path"])
        names |= named
    with zipfile.ZipFile(archive) as pictures:
        for name, path in names.items():
            (folder / f"{name}.jpg").write_bytes(pictures.read(path))
    return len(names)


def main():
    data, output = EXAMPLES / "data", EXAMPLES / "demo"
    output.mkdir(exist_ok=True)
    held_out = [row for row in parquet.read_table(data / "images_meta.parquet").to_pylist()
                if row["split"] == "test" and row["source"] in ("emoji_noto", "openclipart")]
    paths = sorted(row["path"] for row in held_out)
    (output / "pictures.txt").write_text("".join(path + "\n" for path in paths), encoding="utf-8")

    loose = write_pictures(held_out, data / "images.zip", EXAMPLES / "pictures")

    pages = output / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir()
    vidore = data / "vidore" / "debmake_doc"
    names = {}
    for page in parquet.read_table(vidore / "corpus").to_pylist():
        names[page["corpus-id"]] = f"demo/pages/{page['image']['path']}"
        (EXAMPLES / names[page["corpus-id"]]).write_bytes(page["image"]["bytes"])

    lines = []
    emoji = [row for row in held_out if row["source"] == "emoji_noto" and len(
        {json.loads(row["captions_json"])[language] for language in LANGUAGES}) == len(LANGUAGES)]
    for row in chosen(emoji, "path", EMOJI):
        captions = json.loads(row["captions_json"])
        lines += [(language, f"data/{row['path']}", captions[language]) for language in LANGUAGES]
    for row in chosen([r for r in held_out if r["source"] == "openclipart"], "path", CLIPS):
        lines.append(("en", f"data/{row['path']}", json.loads(row["captions_json"])["en"]))
    judged = parquet.read_table(vidore / "qrels").to_pylist()
    headings = parquet.read_table(vidore / "queries").to_pylist()
    for language in HEADING_LANGUAGES:
        # The set calls some German headings English.
        own = [row for row in headings if row["language"] == language
               and (language != "en" or "Handbuch" not in row["query"])]
        for row in chosen(own, "query", 1):
            right = [names[j["corpus-id"]] for j in judged if j["query-id"] == row["query-id"]]
            lines.append((language, " ".join(sorted(right)), row["query"]))
    text = "".join("\t".join(line) + "\n" for line in lines)
    (output / "queries.tsv").write_text(text, encoding="utf-8")
    for name, (count, candidates) in PARTS.items():
        write_part(data / "mmeb-eval" / name, output / "mmeb-eval" / f"{name}_{count}", count,
                   candidates)
    print(f"{len(paths)} pictures, {loose} pictures as files, {len(names)} pages, "
          f"{len(lines)} queries")


if __name__ == "__main__":
    main()
