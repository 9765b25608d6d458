"""Token counts by `datasets.map`, as MoCa's released code makes them: the peer of `moca data stats`.

    python scripts/bench/stats.py MODEL FOLDER IMAGES [PROCESSES]

FOLDER holds Parquet files of pre-training records (text, images) or of pairs (qry, pos_text, ...);
image paths are relative to IMAGES. Needs datasets, transformers, pillow. Every text goes through the
model's fast tokenizer, every image through Pillow's header and Qwen2-VL's smart resize. Prints
records, text and image tokens (which must equal those of `moca data stats --model MODEL --json`) and
records a second, of a first pass and of one that `datasets` serves from its cache. Run it in turn
with `moca data stats` (--no-cache, then twice with --cache) on the same number of cores, and compare
ratios.
"""
import glob
import io
import json
import os
import re
import sys
import tempfile
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
import datasets
from PIL import Image
from transformers import AutoTokenizer
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

PLACEHOLDER = re.compile(r"<\|vision_start\|><\|image_pad\|><\|vision_end\|>|<\|image_\d+\|>")


def size(image, root):
    if isinstance(image, dict):
        image = image["bytes"] or image["path"]
    source = io.BytesIO(image) if isinstance(image, bytes) else os.path.join(root, image)
    with Image.open(source) as opened:
        return max(28, opened.width), max(28, opened.height)


class Counter:
    """Counts the tokens of a row; a callable that `datasets` can hash and send to processes."""

    def __init__(self, model, root):
        self.root = root
        self.tokenizer = AutoTokenizer.from_pretrained(model)
        with open(os.path.join(model, "preprocessor_config.json")) as file:
            settings = json.load(file)
        self.low, self.high = settings["min_pixels"], settings["max_pixels"]

    def content(self, text, images):
        texts = PLACEHOLDER.split(text or "")
        if not images:
            texts = ["".join(texts)]
        count = sum(len(self.tokenizer(part, add_special_tokens=False).input_ids)
                    for part in texts if part)
        tokens = 0
        for image in images:
            width, height = size(image, self.root)
            rows, columns = smart_resize(height, width, 28, self.low, self.high)
            tokens += rows * columns // 784
        return count, tokens

    def __call__(self, row):
        if "text" in row:
            contents = [(row["text"], row.get("images") or [])]
        else:
            paths = ("qry_image_path", "pos_image_path", "neg_image_path")
            contents = [(row[text], [row[path]] if row[path] else [])
                        for text, path in zip(("qry", "pos_text", "neg_text"), paths)
                        if row[text] or row[path]]
        counts = [self.content(*content) for content in contents]
        return {"text_tokens": sum(c[0] for c in counts), "image_tokens": sum(c[1] for c in counts)}


def main():
    model, folder, root = sys.argv[1:4]
    processes = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    files = sorted(glob.glob(os.path.join(folder, "*.parquet")))
    with tempfile.TemporaryDirectory() as cache:
        for name in ("first", "cached"):
            start = time.perf_counter()
            data = datasets.load_dataset(
                "parquet", data_files=files, split="train", cache_dir=cache)
            counted = data.map(Counter(model, root), num_proc=processes,
                               remove_columns=data.column_names)
            text, image = sum(counted["text_tokens"]), sum(counted["image_tokens"])
            seconds = time.perf_counter() - start
            print(json.dumps({
                "pass": name, "records": len(counted), "text_tokens": text,
                "image_tokens": image, "records_per_second": len(counted) / seconds}))


if __name__ == "__main__":
    main()
