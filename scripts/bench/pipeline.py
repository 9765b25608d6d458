#!/usr/bin/env python3
"""Images a second of everything before the model, and of the slow (PIL) Qwen2-VL processor doing the
same pass on the same images with as many workers.

    python scripts/bench/pipeline.py [--data FOLDER] [--images DIR] [--model DIR] [--records N]

Needs transformers 4.50.3, Pillow 10.2.0, pyarrow, and the built PipelineBenchmark. FOLDER holds Parquet
files of pre-training records whose `images` are paths. Ours reads, decodes, resamples, tokenises, masks
and packs, through the trainer's prefetcher; the peer reads the same records in order and gives each to
Pillow, the processor and the fast tokenizer, in a pool of processes. Both are run in turn, --rounds
times, the best of each counts; the last line is the ratio. Both must count the same images; tokens of
text differ by no more than the special tokens that a peer's own template would add (here none).
"""
import argparse
import glob
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false",
                  HF_HUB_OFFLINE="1")
import pyarrow.parquet as parquet

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLOT, PAD = "<|vision_start|><|image_pad|><|vision_end|>", "<|image_pad|>"
RECIPE = """
output_dir: {output}
model: {{initialize: {{config: {model}}}}}
data: {{folders: [{data}], images: {images}, min_pixels: {low}, max_pixels: {high}}}
objective: {{mlm_ratio: 0.4, mae_ratio: 0.5, mae_weight: 0.5}}
batch: {{tokens: {tokens}}}
optimizer: {{learning_rate: 1.0e-3}}
schedule: {{total_steps: 1000}}
checkpoint: {{every_steps: 1000, keep: 1}}
runtime: {{device: cpu, dtype: float32, threads: 1, data_workers: {workers}, image_cache_megabytes: 0}}
"""


class Peer:
    """The pass over one record; each process loads its libraries once."""

    def __init__(self, options):
        self.options = options
        self.processor = self.tokenizer = None

    def load(self):
        import transformers
        transformers.logging.set_verbosity_error()
        from transformers import AutoTokenizer, Qwen2VLImageProcessor
        self.processor = Qwen2VLImageProcessor(
            min_pixels=self.options.low, max_pixels=self.options.high)
        self.tokenizer = AutoTokenizer.from_pretrained(self.options.model)

    def __call__(self, record):
        from PIL import Image
        if self.processor is None:
            self.load()
        text, paths = record
        images = [Image.open(os.path.join(self.options.images, path)).convert("RGB")
                  for path in paths]
        tokens = []
        if images:
            grids = self.processor(images=images, return_tensors="np")["image_grid_thw"]
            tokens = [int(grid.prod()) // 4 for grid in grids]
            if SLOT not in text:
                text = SLOT * len(images) + text
        for count in tokens:
            text = text.replace(PAD, "<|placeholder|>" * count, 1)
        ids = self.tokenizer(text.replace("<|placeholder|>", PAD)).input_ids
        return len(images), len(ids)


def work(record):
    return PEER(record)


def ours(options, folder, steps):
    recipe = os.path.join(folder, "recipe.yaml")
    with open(recipe, "w") as file:
        file.write(RECIPE.format(output=os.path.join(folder, "run"), **vars(options)))
    done = subprocess.run([options.program, recipe, "pretrain", str(steps)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def peer(pool, records):
    start = time.perf_counter()
    counts = pool.map(work, records, chunksize=16)
    seconds = time.perf_counter() - start
    images = sum(count for count, _ in counts)
    return {"samples": len(counts), "images": images, "tokens": sum(c for _, c in counts),
            "seconds": seconds, "images_per_second": images / seconds,
            "samples_per_second": len(counts) / seconds}


def main():
    global PEER
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.path.join(ROOT, "examples/data/cpt/captions"))
    parser.add_argument("--images", default=os.path.join(ROOT, "examples/data"))
    parser.add_argument("--model", default=os.path.join(ROOT, "models/nano"))
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/PipelineBenchmark"))
    parser.add_argument("--low", type=int, default=256 * 784, help="pixels of an image, at least")
    parser.add_argument("--high", type=int, default=1024 * 784, help="and at most")
    parser.add_argument("--tokens", type=int, default=16384, help="cost of a batch")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.data, options.images = os.path.abspath(options.data), os.path.abspath(options.images)
    options.model = os.path.abspath(options.model)
    table = [row for path in sorted(glob.glob(os.path.join(options.data, "*.parquet")))
             for row in parquet.read_table(path, columns=["text", "images"]).to_pylist()]
    records = [(row["text"], row["images"] or []) for row in table[: options.records]]
    PEER = Peer(options)
    best = {}
    with tempfile.TemporaryDirectory() as folder, multiprocessing.Pool(options.workers) as pool:
        data = os.path.join(folder, "records")
        os.mkdir(data)
        rows = parquet.read_table(options.data).slice(0, options.records)
        parquet.write_table(rows, os.path.join(data, "train.parquet"), row_group_size=512)
        options.data = data
        pool.map(work, records[: 4 * options.workers], chunksize=1)     # starts the libraries
        # So many steps that an epoch is over, to within a step.
        first = ours(options, folder, 4)
        steps = max(1, round(4 * len(records) / first["samples"]))
        for _ in range(options.rounds):
            for name, result in (("moca", ours(options, folder, steps)), ("pil", peer(pool, records))):
                print(json.dumps({"what": name, **result}), flush=True)
                if name not in best or result["images_per_second"] > best[name]:
                    best[name] = result["images_per_second"]
    print(json.dumps({"workers": options.workers, "moca_images_per_second": best["moca"],
                      "pil_images_per_second": best["pil"], "ratio": best["moca"] / best["pil"]}))


PEER = None

if __name__ == "__main__":
    main()
