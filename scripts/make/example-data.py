#!/usr/bin/env python3
"""Cut the repository's data sample out of a full data folder, and the training data beside it.

Keeps only parts that may be redistributed freely (OpenClipart, Noto emoji, easy-VQA, WordNet,
pages of debmake-doc), scales pictures down, and holds out some clip art and some manual pages. What
`moca data check` would complain of is mended or left out: training texts that are evaluation queries,
pictures that look like one of an evaluation, damaged captions, negatives that are their positive.
With --training-output it also writes the full training parts without what was held out, so that
a model trained on them has never seen the sample's evaluation sets. A minute, under 1 GB.

Needs `pillow` (made with 10.2.0), `numpy` and `pyarrow`:
    python3 scripts/make/example-data.py --data DATA --output examples/data
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
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
from PIL import Image, ImageEnhance

sys.path.insert(0, str(Path(__file__).resolve().parent))
from picture_archive import write_archive  # noqa: E402

TEST_PERCENT = 15          # share of title groups held out, by sha1
NEAR_DUPLICATE_BITS = 10   # of a 256-bit difference hash
DETAILED_BITS = 64         # with fewer bits set, less is near: as `moca data check` has it
LEAST_BITS = 12
TAIL_BYTES = 20            # what follows an instruction is looked up alone from this length on
FIRST_TEST_PAGE = 100      # debmake-doc: later pages are held out, in every language
CANDIDATES = 60
CLASS_MAXIMUM = 12         # test pictures a class, so that no constant answer scores
SIDES = {"openclipart": 112, "emoji_noto": 112}
VARIANTS = 8               # pictures made of one for training, beside itself
VARIANT_SIDE = 112         # pixels of their longer side
DRAWN = ("emoji_noto", "emoji_openmoji", "openclipart", "stamps", "gimp")
TASKS = ["EmojiNoto_t2i", "EmojiNoto_i2t", "OpenClipart_t2i", "OpenClipart_i2t", "OpenClipart_cls",
         "EasyVQA", "WordNet_def2word", "DocPages"]
CLASS_TASKS = ["OpenClipart_cls", "TuxStamps_cls"]
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


def normalized(text):
    """As `moca data check` compares texts."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def text_keys(text):
    """A text, and what follows its instruction."""
    text = normalized(text)
    tail = text.split(": ", 1)[1] if ": " in text else ""
    return {key for key in (text, tail if len(tail.encode()) >= TAIL_BYTES else "") if key}


def side_text(text):
    return re.sub(r"<\|image_\d+\|>", " ", text)


def is_leaked(row, queries):
    """Whether a text without image is an evaluation query."""
    sides = [(row["qry"], row["qry_image_path"]), (row["pos_text"], row["pos_image_path"])]
    return any(not path and text_keys(side_text(text)) & queries for text, path in sides)


def evaluation_queries(sets, headings):
    texts = [row["qry_text"] for values in sets.values() for row in values
             if not row["qry_img_path"]]
    return set().union(*(text_keys(side_text(text)) for text in texts + headings))


def reach(hashes):
    """How many bits a near picture may differ in: fewer where there is less to see."""
    bits = hashes.sum(1)
    detail = np.minimum(bits, hashes.shape[1] - bits)
    allowed = NEAR_DUPLICATE_BITS * np.minimum(detail, DETAILED_BITS) // DETAILED_BITS
    return np.where(detail < LEAST_BITS, -1, allowed)


def near_pictures(folder, training, evaluation):
    """Training pictures that look like one of an evaluation."""
    left, right = (np.array([difference_hash(os.path.join(folder, path)) for path in paths])
                   for paths in (training, evaluation))
    near = np.minimum(reach(left)[:, None], reach(right)[None])
    bits = np.array([(row != right).sum(1) for row in left])
    return {path for path, found in zip(training, (bits <= near).any(1)) if found}


def mended(text):
    """A caption without a tag that was read in a wrong encoding and cannot be told any more."""
    return re.sub(r",[^,()]*[\x80-\x9f][^,()]*", "", text) if text else text


def with_mended_captions(row):
    captions = json.loads(row["captions_json"])
    sound = {language: mended(text) for language, text in captions.items()}
    return row if sound == captions else {
        **row, "captions_json": json.dumps(sound, ensure_ascii=False)}


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


def identity(row, side, folder, known):
    """What tells contents apart: normalised text, and the picture's bytes."""
    path = row[side + "_image_path"]
    if path and path not in known:
        with open(os.path.join(folder, path), "rb") as file:
            known[path] = hashlib.sha1(file.read()).hexdigest()
    return normalized(row[side + "_text"]), known.get(path, "")


def mend_negatives(values, folder):
    """A negative that is its positive becomes the next row's that is not."""
    known = {}
    for index, row in enumerate(values):
        positive = identity(row, "pos", folder, known)
        if identity(row, "neg", folder, known) != positive:
            continue
        for other in values[index + 1:] + values[:index]:
            if identity(other, "neg", folder, known) != positive:
                row.update({key: other[key] for key in ("neg_text", "neg_image_path")})
                break


def training_pairs(data, output, tasks, held, queries, folder, sources=("images/",)):
    """The tasks' rows that name no held-out picture, and only pictures of `sources`, which are in
    `folder`; rows with an evaluation query are left out."""
    counts = {}
    for task in tasks:
        kept = [row for row in rows(os.path.join(data, "mmeb-train", task, "train.parquet"))
                if not names_held_out(row, held) and not is_leaked(row, queries)
                and all(not row[key] or row[key].startswith(sources) for key in TRAIN_COLUMNS
                        if key.endswith("_path"))]
        for row in kept:
            row.update({key: mended(row[key]) for key in ("qry", "pos_text", "neg_text")})
        mend_negatives(kept, folder)
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


def pretraining_records(data, output, meta, held, queries):
    schema = arrow.schema([("text", arrow.string()), ("images", arrow.list_(arrow.string())),
                           ("source", arrow.string()), ("lang", arrow.string())])
    text = [{**row, "images": []} for row in rows(os.path.join(data, "cpt/text/train.parquet"))
            if row["source"] in TEXT_SOURCES and not text_keys(row["text"]) & queries]
    parts = {"captions": caption_records(meta, held), "doc_pages": page_records(data, held),
             "text": text}
    for name, records in parts.items():
        write(os.path.join(output, "cpt", name, "train.parquet"), records, schema)
    return {name: len(records) for name, records in parts.items()}


def variant(picture, random):
    """The picture moved, turned, scaled and lit a little differently, on its border's colour."""
    width, height = picture.size
    scale = VARIANT_SIDE / max(width, height)
    size = (max(28, round(width * scale)), max(28, round(height * scale)))
    angle, zoom = np.deg2rad(random.uniform(-12, 12)), random.uniform(0.85, 1.3)
    squeeze = random.uniform(0.9, 1.1)
    cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
    x, y = size[0] / 2, size[1] / 2
    dx, dy = random.uniform(-0.08, 0.08) * size[0], random.uniform(-0.08, 0.08) * size[1]
    small = picture.resize(size, Image.LANCZOS)
    moved = small.transform(
        size, Image.AFFINE,
        (cosine * squeeze, sine, x - cosine * squeeze * (x + dx) - sine * (y + dy),
         -sine, cosine / squeeze, y + sine * (x + dx) - cosine / squeeze * (y + dy)),
        resample=Image.BICUBIC, fillcolor=small.getpixel((0, 0)))
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        moved = enhance(moved).enhance(random.uniform(0.8, 1.2))
    return moved


def write_variants(data, output, drawn):
    """Variants of every training picture, beside the untouched one as variant 0."""
    random = np.random.default_rng(1)
    for row in drawn:
        picture = Image.open(os.path.join(data, row["path"])).convert("RGB")
        for number in range(VARIANTS + 1):
            target = variant_path(output, row["path"], number)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            made = variant(picture, random) if number else picture
            made.save(target, "JPEG", quality=90)


def variant_path(folder, path, number):
    return os.path.join(folder, "variants", f"{os.path.splitext(path)[0]}.{number}.jpg")


def caption_tasks(output, drawn, instructions, queries):
    """Each caption in each language with a variant of its picture, both ways; captions with the
    same caption in another language; a picture with another variant of itself."""
    random, tasks = np.random.default_rng(2), {}
    page = instructions["page"]

    def add(task, *values):
        tasks.setdefault(task, []).append(dict(zip(TRAIN_COLUMNS, [*values, "", ""])))

    def picture(path, number=None):
        number = random.integers(VARIANTS + 1) if number is None else number
        return variant_path("", path, number)

    translated = set()
    for row in drawn:
        captions = json.loads(row["captions_json"])
        captions = {language: text for language, text in captions.items()
                    if not text_keys(instructions["t2i"] + text) & queries}
        texts = sorted(set(captions.values()))
        if not texts:
            continue
        for number in range(max(len(texts), VARIANTS + 1)):
            text = texts[number % len(texts)]
            add(f"Captions_{row['source']}_t2i", f"{instructions['t2i']}{text}\n", "", page,
                picture(row["path"]))
            add(f"Captions_{row['source']}_i2t", instructions["i2t"], picture(row["path"]), text,
                "")
        first, second = random.choice(VARIANTS + 1, 2, replace=False)
        add("Variants_i2i", page, picture(row["path"], first), page, picture(row["path"], second))
        key = tuple(sorted(captions.items()))
        if len(captions) > 1 and key not in translated:
            translated.add(key)
            languages = sorted(captions)
            for language in languages:
                other = languages[random.integers(len(languages))]
                if captions[other] != captions[language]:
                    add("Captions_t2t", captions[language], "", captions[other], "")
    known = {row["path"] for row in drawn}
    for task in CLASS_TASKS:
        for row in rows(os.path.join(output, "mmeb-train", task, "train.parquet")):
            if row["qry_image_path"] in known:
                for number in range(VARIANTS + 1):
                    add(f"Variants_{task}", row["qry"], picture(row["qry_image_path"], number),
                        row["pos_text"], "")
    for task, values in tasks.items():
        write(os.path.join(output, "mmeb-train", task, "train.parquet"), values)
    return {task: len(values) for task, values in tasks.items()}


def full_training_data(data, output, meta, held, queries):
    """Every training part without the held-out pictures and pages, and tasks of all captions with
    varied pictures; other images stay where they are."""
    tasks = sorted(os.listdir(os.path.join(data, "mmeb-train")))
    counts = training_pairs(data, output, tasks, held, queries, data)
    drawn = [row for row in meta if row["split"] == "train" and row["source"] in DRAWN
             and row["path"] not in held]
    write_variants(data, output, drawn)
    counts.update(caption_tasks(output, drawn, instruction_texts(data), queries))
    for folder in sorted(os.listdir(os.path.join(data, "images"))):
        link = os.path.join(output, "images", folder)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(os.path.join(data, "images", folder)), link)
    write(os.path.join(output, "images_meta.parquet"), meta)
    dropped = set()
    for path in held:
        with open(os.path.join(data, path), "rb") as file:
            dropped.add(hashlib.sha1(file.read()).digest())
    for path in sorted(glob.glob(os.path.join(data, "cpt", "*", "*.parquet"))):
        table = parquet.read_table(path)
        kept = [not any(hashlib.sha1(image).digest() in dropped for image in images or [])
                and (bool(images) or not text_keys(text) & queries)
                for images, text in zip(table["images"].to_pylist(), table["text"].to_pylist())]
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
    meta = [with_mended_captions(row) for row in rows(os.path.join(data, "images_meta.parquet"))]
    pages, clips = hold_out_pages(meta), hold_out_clip_art(data, meta)
    held = pages | clips
    meta = [{**row, "split": "test"} if row["path"] in held else row for row in meta]
    sets = clip_art_evaluation(meta, clips, instruction_texts(data))
    for path in sorted(glob.glob(os.path.join(data, "mmeb-eval", "*", "test.parquet"))):
        name = path.split("/")[-2]
        if name.startswith(tuple(EVALUATIONS)):
            sets[name] = rows(path)
    headings = [row["qry"] for row in rows(os.path.join(data, "mmeb-train/DocPages/train.parquet"))
                if row["pos_image_path"] in pages]
    queries = evaluation_queries(sets, headings)
    kept = [row for row in meta if row["source"] in SIDES or row["category"] == "debmake-doc"]
    write(os.path.join(output, "images_meta.parquet"), kept)
    for row in kept:
        if row["path"] not in pages:            # held-out pages stand inside the corpus
            copy_picture(data, output, row["path"])
    shapes = [os.path.relpath(path, data)
              for path in sorted(glob.glob(os.path.join(data, "images", "easyvqa", "*.png")))]
    for path in shapes:
        copy_picture(data, output, path)
    # The other pictures were compared when they were held out.
    asked = {row["qry_img_path"] for row in sets["EasyVQA"]}
    held |= near_pictures(output, [path for path in shapes if path not in asked], sorted(asked))
    if arguments.training_output:
        counts = full_training_data(data, arguments.training_output, meta, held, queries)
        print(json.dumps(counts, indent=1))
    counts = {"train": training_pairs(data, output, TASKS, held, queries, output, SOURCES),
              "cpt": pretraining_records(data, output, kept, held, queries),
              "images": collections.Counter(f"{r['source']}/{r['split']}" for r in kept)}
    for name, values in sets.items():
        write(os.path.join(output, "mmeb-eval", name, "test.parquet"), values, EVAL_SCHEMA)
    counts["evaluation"] = {name: (len(v), sum(len(r["tgt_text"]) for r in v) / len(v))
                            for name, v in sorted(sets.items())}
    counts["vidore/debmake_doc"] = page_retrieval(data, output, pages)
    os.makedirs(os.path.join(output, "licences"), exist_ok=True)
    for name in LICENCES:
        shutil.copyfile(os.path.join(data, "licences", name),
                        os.path.join(output, "licences", name))
    pictures = Path(output, "images")
    write_archive(pictures, Path(output, "images.zip"))
    shutil.rmtree(pictures)
    print(json.dumps(counts, indent=1))


if __name__ == "__main__":
    main()
