"""The slow (PIL) Qwen2-VL processor on every image of a folder, one thread: the peer of ImageBenchmark.

    python scripts/bench/image.py FOLDER [ROUNDS]

Prints images a second for the whole, for decoding alone, and for resizing to patches alone; the
resize alone is Pillow's part of that. Run it in turn with the benchmark and compare ratios.
"""
import json
import os
import sys
import time
import warnings

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
import numpy as np
import transformers
from PIL import Image
from transformers import Qwen2VLImageProcessor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
LOW, HIGH = 256 * 784, 1024 * 784
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


def fastest(rounds, items, body):
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for item in items:
            body(item)
        best = min(best, time.perf_counter() - start)
    return len(items) / best


def decode(path):
    return Image.open(path).convert("RGB")


def resize(im):
    h, w = smart_resize(im.height, im.width, 28, LOW, HIGH)
    return im.resize((w, h), Image.Resampling.BICUBIC)


def main():
    folder, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    files = sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.lower().endswith(SUFFIXES))
    processor = Qwen2VLImageProcessor(min_pixels=LOW, max_pixels=HIGH)
    process = lambda im: processor(images=[im], return_tensors="np")
    process(decode(files[0]))
    images = [decode(f) for f in files]
    print(json.dumps({
        "images": len(files),
        "images_per_second": fastest(rounds, files, lambda f: process(decode(f))),
        "decode_images_per_second": fastest(rounds, files, decode),
        "patches_images_per_second": fastest(1, images, process),
        "resize_images_per_second": fastest(1, images, resize)}))


if __name__ == "__main__":
    main()
