#!/usr/bin/env python3
"""Cut the repository's data sample out of a full data folder, and the training data beside it.

Keeps only parts that may be redistributed freely (OpenClipart, Noto emoji, easy-VQA, WordNet,
pages of debmake-doc), scales pictures down, and holds out some clip art and some manual pages.
With --training-output it also writes the full training parts without what was held out, so that
a model trained on them has never seen the sample's evaluation sets. A minute, under 1 GB.

Needs `pillow` (made with 10.2.0), `numpy` and `pyarrow`:
    python3 scripts/make-example-data.py --data DATA --output examples/data
"""
import argparse
import collections
import glob
import hashlib
import io
import json
import os
import re
import shutil

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
from PIL import Image

TEST_PERCENT = 15          # share of title groups held out, by sha1
NEAR_DUPLICATE_BITS = 10   # of a 256-bit difference hash
FIRST_TEST_PAGE = 100      # debmake-doc: later pages are held out, in every language
CANDIDATES = 60
CLASS_MAXIMUM = 12         # test pictures a class, so that no constant answer scores
SIDES = {"openclipart": 112, "emoji_noto": 112}
TASKS = ["EmojiNoto_t2i", "EmojiNoto_i2t", "OpenClipart_t2i", "OpenClipart_i2t", "OpenClipart_cls",
         "EasyVQA", "WordNet_def2word", "DocPages"]
EVALUATIONS = ["EmojiNoto_", "EasyVQA", "WordNet_def2word"]
TEXT_SOURCES = {"wordnet"}
LICENCES = ["openclipart-svg.copyright", "fonts-noto-color-emoji.copyright", "emoji.LICENSE",
            "easy_vqa.LICENSE", "wordnet-base.copyright", "debmake-doc.copyright"]
SOURCES = ("images/openclipart/", "images/emoji_noto/", "images/easyvqa/",
           "images/pages_train/debmake-doc_")
IMAGE_SLOT = "<|vision_start|><|image_pad|><|vision_end|>"
TRAIN_COLUMNS = ["qry", "qry_image_path", "pos_text", "pos_image_path", "neg_text",
                 "neg_image_path"]
EVAL_SCHEMA = arrow.schema([("qry_text", arrow.string()), ("qry_img_path", arrow.string()),
                            ("tgt_text", arrow.list_(arrow.string())),
                            ("tgt_img_path", arrow.list_(arrow.string()))])


def rows(path):
    return parquet.read_table(path).to_pylist()


def write(path, values, schema=None):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    parquet.write_table(arrow.Table.from_pylist(values, schema=schema), path, compression="zstd",
                        compression_level=19)


def share(text):
    """A number of 0 ..< 100 that depends on the text only."""
    return int(hashlib.sha1(text.encode()).hexdigest(), 16) % 100


def difference_hash(path):
    grey = np.asarray(Image.open(path).convert("L").resize((17, 16), Image.BICUBIC), np.int16)
    return (grey[:, 1:] > grey[:, :-1]).ravel()


def hold_out_clip_art(data, meta):
    """Paths of clip art whose title group is held out and resembles no training picture."""
    clips = [row for row in meta if row["source"] == "openclipart"]
    hashes = np.array([difference_hash(os.path.join(data, row["path"])) for row in clips])
    test = np.array([share(row["group"]) < TEST_PERCENT for row in clips])
    groups = [row["group"] for row in clips]
    moved = True
    while moved:                        # a group that moves may resemble another test group
        near = (hashes[test][:, None] != hashes[~test][None]).sum(2).min(1)
        close = {groups[i] for i, bits in zip(np.flatnonzero(test), near)
                 if bits <= NEAR_DUPLICATE_BITS}
        moved = bool(close)
        test &= np.array([group not in close for group in groups])
    return {row["path"] for row, held in zip(clips, test) if held}


def page_number(path):
    return int(re.search(r"_p(\d+)", path)[1])


def hold_out_pages(meta):
    return {row["path"] for row in meta if row["category"] == "debmake-doc"
            and page_number(row["path"]) >= FIRST_TEST_PAGE}


def candidates(index, items, allowed):
    """The item itself first, then others in hash order, at most CANDIDATES in all."""
    others = [i for i in range(len(items)) if i != index and allowed(index, i)]
    others.sort(key=lambda i: hashlib.sha1(f"{items[index]}|{items[i]}".encode()).digest())
    return [index] + others[:CANDIDATES - 1]


def clip_art_evaluation(meta, held, instructions):
    """t2i and i2t (one picture a title), cls (at most CLASS_MAXIMUM pictures a category)."""
    clips = [row for row in meta if row["path"] in held]
    clips.sort(key=lambda row: row["path"])
    one, seen = [], set()
    for row in clips:
        caption = json.loads(row["captions_json"])["en"]
        if row["group"] not in seen:
            seen.add(row["group"])
            one.append((row["path"], caption, row["group"]))
    sets = {"OpenClipart_t2i": [], "OpenClipart_i2t": [], "OpenClipart_cls": []}
    for i, (path, caption, _) in enumerate(one):
        chosen = candidates(i, one, lambda a, b: one[a][1] != one[b][1])
        sets["OpenClipart_t2i"].append({
            "qry_text": instructions["t2i"] + caption + "\n", "qry_img_path": "",
            "tgt_text": [instructions["page"]] * len(chosen),
            "tgt_img_path": [one[j][0] for j in chosen]})
        sets["OpenClipart_i2t"].append({
            "qry_text": instructions["i2t"], "qry_img_path": path,
            "tgt_text": [one[j][1] for j in chosen], "tgt_img_path": [""] * len(chosen)})
    classes, counts = instructions["classes"], collections.Counter()
    for row in sorted(clips, key=lambda row: hashlib.sha1(row["path"].encode()).digest()):
        name = row["category"].split("/")[0].replace("_", " ")
        counts[name] += 1
        if name in classes and counts[name] <= CLASS_MAXIMUM:
            sets["OpenClipart_cls"].append({
                "qry_text": instructions["cls"], "qry_img_path": row["path"],
                "tgt_text": [name] + [c for c in classes if c != name],
                "tgt_img_path": [""] * len(classes)})
    return sets


def instruction_texts(data):
    """The wording of the training sets, so that training and evaluation agree."""
    task = lambda name: rows(os.path.join(data, "mmeb-train", name, "train.parquet"))
    first = task("OpenClipart_t2i")[0]
    kinds = task("OpenClipart_cls")
    return {"t2i": first["qry"].split(": ")[0] + ": ", "page": first["pos_text"],
            "i2t": task("OpenClipart_i2t")[0]["qry"], "cls": kinds[0]["qry"],
            "classes": sorted({row["pos_text"] for row in kinds})}


def page_retrieval(data, output, held):
    """A ViDoRe-like set: the headings of the held-out pages search among these pages."""
    pages = sorted(held)
    number = {path: i for i, path in enumerate(pages)}
    corpus = [{"corpus-id": i, "image": {"bytes": page_bytes(os.path.join(data, path)),
                                         "path": os.path.basename(path)},
               "doc-id": "debmake-doc." + re.search(r"doc_([a-z-]+)_p", path)[1]}
              for path, i in number.items()]
    queries, qrels = {}, []
    for row in rows(os.path.join(data, "mmeb-train", "DocPages", "train.parquet")):
        if row["pos_image_path"] in held:
            text = row["qry"].split(": ", 1)[1].strip()
            query = queries.setdefault(text, len(queries))
            qrels.append({"query-id": query, "corpus-id": number[row["pos_image_path"]],
                          "score": 2})
    unique = {(r["query-id"], r["corpus-id"]): r for r in qrels}
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    folder = os.path.join(output, "vidore", "debmake_doc")
    name = "test-00000-of-00001.parquet"
    write(os.path.join(folder, "corpus", name), corpus,
          arrow.schema([("corpus-id", arrow.int64()), ("image", image),
                        ("doc-id", arrow.string())]))
    write(os.path.join(folder, "queries", name),
          [{"query-id": i, "query": text, "language": language(text)}
           for text, i in queries.items()])
    write(os.path.join(folder, "qrels", name), list(unique.values()))
    return len(corpus), len(queries)


def language(text):
    """A rough guess by script; headings in Latin letters are mostly English or German."""
    for pattern, name in [("[\u3040-\u30ff]", "ja"), ("[\u4e00-\u9fff]", "zh_CN"),
                          ("[\u0400-\u04ff]", "ru"), ("[äöüßÄÖÜ]", "de")]:
        if re.search(pattern, text):
            return name
    return "en"


def page_bytes(path):
    import io
    buffer = io.BytesIO()
    Image.open(path).convert("L").save(buffer, "JPEG", quality=60, optimize=True)
    return buffer.getvalue()


def copy_picture(data, output, path):
    """Scale to the source's side (never up); pages become grey; easy-VQA is copied as it is."""
    target = os.path.join(output, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    source = path.split("/")[1]
    if source == "easyvqa":
        shutil.copyfile(os.path.join(data, path), target)
    elif source == "pages_train":
        with open(target, "wb") as file:
            file.write(page_bytes(os.path.join(data, path)))
    else:
        picture = Image.open(os.path.join(data, path)).convert("RGB")
        scale = min(1, SIDES[source] / max(picture.size))
        size = tuple(max(28, round(side * scale)) for side in picture.size)
        picture.resize(size, Image.LANCZOS).save(target, "JPEG", quality=85, optimize=True)


def names_held_out(row, held):
    return row["qry_image_path"] in held or row["pos_image_path"] in held \
        or row["neg_image_path"] in held


def training_pairs(data, output, tasks, held, sources=("images/",)):
    """The tasks' rows that name no held-out picture, and only pictures of `sources`."""
    counts = {}
    for task in tasks:
        kept = [row for row in rows(os.path.join(data, "mmeb-train", task, "train.parquet"))
                if not names_held_out(row, held)
                and all(not row[key] or row[key].startswith(sources) for key in TRAIN_COLUMNS
                        if key.endswith("_path"))]
        write(os.path.join(output, "mmeb-train", task, "train.parquet"),
              [{key: row[key] for key in TRAIN_COLUMNS} for row in kept])
        counts[task] = len(kept)
    return counts


def caption_records(meta, held):
    """One record a training clip; emoji four to a record, the language changing with it."""
    records = []
    for row in meta:
        if row["source"] == "openclipart" and row["path"] not in held:
            caption = json.loads(row["captions_json"])["en"]
            records.append({"text": IMAGE_SLOT + caption, "images": [row["path"]],
                            "source": "openclipart", "lang": "en"})
    emoji = [row for row in meta if row["source"] == "emoji_noto" and row["split"] == "train"]
    emoji.sort(key=lambda row: hashlib.sha1(row["path"].encode()).digest())
    for start in range(0, len(emoji) - 3, 4):
        four = emoji[start:start + 4]
        names = [json.loads(row["captions_json"]) for row in four]
        shared = sorted(set.intersection(*(set(n) for n in names)))
        tongue = shared[start // 4 % len(shared)]
        records.append({"text": "\n".join(IMAGE_SLOT + n[tongue] for n in names),
                        "images": [row["path"] for row in four], "source": "emoji_noto",
                        "lang": tongue})
    return records


def page_records(data, held):
    """The text layer of training pages with their pictures, found again by their bytes."""
    known = {}
    for path in sorted(glob.glob(os.path.join(data, "images", "pages_train", "debmake*"))):
        with open(path, "rb") as file:
            known[hashlib.sha1(file.read()).digest()] = os.path.relpath(path, data)
    records = []
    for row in rows(os.path.join(data, "cpt", "doc_pages", "train.parquet")):
        paths = [known.get(hashlib.sha1(image).digest()) for image in row["images"]]
        if row["source"] == "debmake-doc" and all(paths) and not set(paths) & held:
            records.append({**row, "images": paths})
    return records


def pretraining_records(data, output, meta, held):
    schema = arrow.schema([("text", arrow.string()), ("images", arrow.list_(arrow.string())),
                           ("source", arrow.string()), ("lang", arrow.string())])
    text = [{**row, "images": []} for row in rows(os.path.join(data, "cpt/text/train.parquet"))
            if row["source"] in TEXT_SOURCES]
    parts = {"captions": caption_records(meta, held), "doc_pages": page_records(data, held),
             "text": text}
    for name, records in parts.items():
        write(os.path.join(output, "cpt", name, "train.parquet"), records, schema)
    return {name: len(records) for name, records in parts.items()}


def full_training_data(data, output, meta, held):
    """Every training part without the held-out pictures and pages; images stay where they are."""
    tasks = sorted(os.listdir(os.path.join(data, "mmeb-train")))
    counts = training_pairs(data, output, tasks, held)
    write(os.path.join(output, "images_meta.parquet"), meta)
    dropped = set()
    for path in held:
        with open(os.path.join(data, path), "rb") as file:
            dropped.add(hashlib.sha1(file.read()).digest())
    for path in sorted(glob.glob(os.path.join(data, "cpt", "*", "*.parquet"))):
        table = parquet.read_table(path)
        kept = [not any(hashlib.sha1(image).digest() in dropped for image in images or [])
                for images in table["images"].to_pylist()]
        target = os.path.join(output, os.path.relpath(path, data))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        parquet.write_table(table.filter(arrow.array(kept)), target, compression="zstd")
        counts["cpt/" + path.split("/")[-2]] = sum(kept)
    return counts


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--output", default="examples/data")
    parser.add_argument("--training-output", help="also write the full training parts here")
    arguments = parser.parse_args()
    data, output = arguments.data, arguments.output
    meta = rows(os.path.join(data, "images_meta.parquet"))
    pages, clips = hold_out_pages(meta), hold_out_clip_art(data, meta)
    held = pages | clips
    meta = [{**row, "split": "test"} if row["path"] in held else row for row in meta]
    if arguments.training_output:
        print(json.dumps(full_training_data(data, arguments.training_output, meta, held), indent=1))
    kept = [row for row in meta if row["source"] in SIDES or row["category"] == "debmake-doc"]
    write(os.path.join(output, "images_meta.parquet"), kept)
    for row in kept:
        if row["path"] not in pages:            # held-out pages stand inside the corpus
            copy_picture(data, output, row["path"])
    for path in sorted(glob.glob(os.path.join(data, "images", "easyvqa", "*.png"))):
        copy_picture(data, output, os.path.relpath(path, data))
    counts = {"train": training_pairs(data, output, TASKS, held, SOURCES),
              "cpt": pretraining_records(data, output, kept, held),
              "images": collections.Counter(f"{r['source']}/{r['split']}" for r in kept)}
    sets = clip_art_evaluation(meta, clips, instruction_texts(data))
    for path in sorted(glob.glob(os.path.join(data, "mmeb-eval", "*", "test.parquet"))):
        name = path.split("/")[-2]
        if name.startswith(tuple(EVALUATIONS)):
            sets[name] = rows(path)
    for name, values in sets.items():
        write(os.path.join(output, "mmeb-eval", name, "test.parquet"), values, EVAL_SCHEMA)
    counts["evaluation"] = {name: (len(v), sum(len(r["tgt_text"]) for r in v) / len(v))
                            for name, v in sorted(sets.items())}
    counts["vidore/debmake_doc"] = page_retrieval(data, output, pages)
    os.makedirs(os.path.join(output, "licences"), exist_ok=True)
    for name in LICENCES:
        shutil.copyfile(os.path.join(data, "licences", name),
                        os.path.join(output, "licences", name))
    print(json.dumps(counts, indent=1))


if __name__ == "__main__":
    main()
