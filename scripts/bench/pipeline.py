#!/usr/bin/env python3
"""Images a second of everything before the model, and of the slow (PIL) Qwen2-VL processor doing the
same pass on the same images with as many workers.

    python scripts/bench/pipeline.py [--data FOLDER] [--images DIR] [--model DIR] [--records N]

Needs transformers 4.50.3, Pillow 10.2.0, pyarrow, and the built PipelineBenchmark. FOLDER holds Parquet
files of pre-training records whose `images` are paths. Of each picture a pair is made, picture to
caption. Ours reads, decodes, resamples, tokenises and packs the pairs of one epoch through the trainer's
prefetcher, in its order; the peer takes them in file order and gives each to Pillow, the processor and
the fast tokenizer, in a pool of processes. Both are run in turn, --rounds times, and must count the same
images and tokens; the best of each counts, the last line is the ratio.
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
import pyarrow as arrow
import pyarrow.parquet as parquet

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLOT, PAD = "<|vision_start|><|image_pad|><|vision_end|>", "<|image_pad|>"
RECIPE = """
output_dir: {output}
model: {{initialize: {{config: {model}}}}}
data: {{folders: [{data}], images: {images}, min_pixels: {low}, max_pixels: {high}}}
objective: {{temperature: 0.05, hard_negatives: 0}}
batch: {{size: {size}}}
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

    def __call__(self, pair):
        from PIL import Image
        if self.processor is None:
            self.load()
        image = Image.open(os.path.join(self.options.images, pair["qry_image_path"]))
        grid = self.processor(images=[image.convert("RGB")], return_tensors="np")["image_grid_thw"]
        query = pair["qry"].replace(PAD, PAD * (int(grid[0].prod()) // 4))
        return sum(len(self.tokenizer(text).input_ids) for text in (query, pair["pos_text"]))


def work(pair):
    return PEER(pair)


def ours(options, folder, steps):
    recipe = os.path.join(folder, "recipe.yaml")
    with open(recipe, "w") as file:
        file.write(RECIPE.format(output=os.path.join(folder, "run"), **vars(options)))
    done = subprocess.run([options.program, recipe, "finetune", str(steps)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def peer(pool, pairs):
    start = time.perf_counter()
    tokens = sum(pool.map(work, pairs, chunksize=16))
    seconds = time.perf_counter() - start
    return {"images": len(pairs), "tokens": tokens, "seconds": seconds,
            "images_per_second": len(pairs) / seconds}


def pairs_of(options):
    """A pair a picture; every caption has its number, so that none stands twice in a batch."""
    pairs, seen = [], set()
    for path in sorted(glob.glob(os.path.join(options.data, "*.parquet"))):
        for row in parquet.read_table(path, columns=["text", "images"]).to_pylist():
            for image in row["images"] or []:
                if image not in seen:
                    seen.add(image)
                    pairs.append({"qry": SLOT, "qry_image_path": image, "pos_text":
                                  f"{row['text'].replace(SLOT, '')} {len(pairs)}"})
    return pairs[: min(options.records, len(pairs)) // options.size * options.size]


def main():
    global PEER
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.path.join(ROOT, "examples/data/cpt/captions"))
    parser.add_argument("--images", default=os.path.join(ROOT, "examples/data/images.zip"))
    parser.add_argument("--model", default=os.path.join(ROOT, "models/nano"))
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/PipelineBenchmark"))
    parser.add_argument("--low", type=int, default=256 * 784, help="pixels of an image, at least")
    parser.add_argument("--high", type=int, default=1024 * 784, help="and at most")
    parser.add_argument("--size", type=int, default=16, help="pairs of a batch")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.data, options.images = os.path.abspath(options.data), os.path.abspath(options.images)
    options.model = os.path.abspath(options.model)
    pairs = pairs_of(options)
    PEER = Peer(options)
    best = {}
    with tempfile.TemporaryDirectory() as folder, multiprocessing.Pool(options.workers) as pool:
        options.data = os.path.join(folder, "pairs")
        os.mkdir(options.data)
        parquet.write_table(arrow.Table.from_pylist(pairs),
                            os.path.join(options.data, "train.parquet"), row_group_size=512)
        pool.map(work, pairs[: 4 * options.workers], chunksize=1)       # starts the libraries
        for _ in range(options.rounds):
            results = {"moca": ours(options, folder, len(pairs) // options.size),
                       "pil": peer(pool, pairs)}
            for name, result in results.items():
                print(json.dumps({"what": name, **result}), flush=True)
                best[name] = max(best.get(name, 0), result["images_per_second"])
            if len({(result["images"], result["tokens"]) for result in results.values()}) > 1:
                sys.exit("the two did not do the same")
    print(json.dumps({"workers": options.workers, "moca_images_per_second": best["moca"],
                      "pil_images_per_second": best["pil"], "ratio": best["moca"] / best["pil"]}))


PEER = None

if __name__ == "__main__":
    main()
