#!/usr/bin/env python3
"""Loads a model that `moca pretrain` or `moca finetune` wrote with plain transformers, and compares
its hidden states with those of `moca embed`.

    scripts/checks/final_model.py MODEL [--moca .build/release/moca] [--data examples/pictures]

transformers attends causally, so the program is asked for that too: the state of the last token,
not normalised, of texts, a picture, and both. Needs torch, transformers 4.50.3, Pillow 10.2.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import AutoConfig, AutoTokenizer, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor

IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
TOLERANCE = 1e-4  # absolute, on states of deviation about 1: float32 rounding of two orders of sums


def records(data: Path) -> list[dict]:
    pictures = sorted(data.glob("*.jpg"))[:2]
    return [
        {"text": "a red bus with <|mask|> wheels"},
        {"text": "Ein roter Bus, 赤いバス"},
        {"text": f"{IMAGE}what is it?", "images": [str(pictures[0])]},
        {"text": f"before {IMAGE} and {IMAGE}", "images": [str(p) for p in pictures]},
    ]


def reference(model_folder: Path, record: dict, model, tokenizer, processor) -> np.ndarray:
    text, inputs = record["text"], {}
    if images := record.get("images"):
        pixels = processor([Image.open(p).convert("RGB") for p in images], return_tensors="pt")
        inputs = {"pixel_values": pixels["pixel_values"], "image_grid_thw": pixels["image_grid_thw"]}
        for grid in pixels["image_grid_thw"]:
            count = int(grid.prod()) // processor.merge_size**2
            text = text.replace("<|image_pad|>", "<|placeholder|>" * count, 1)
        text = text.replace("<|placeholder|>", "<|image_pad|>")
    ids = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        output = model(**ids, **inputs, output_hidden_states=True)
    return output.hidden_states[-1][0, -1].numpy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--moca", default=".build/release/moca")
    parser.add_argument("--data", type=Path, default=Path("examples/pictures"))
    options = parser.parse_args()

    model, loading = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        options.model, torch_dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    model.eval()
    unknown = [key for key in loading["unexpected_keys"] if not key.startswith("mae_")]
    missing = [key for key in loading["missing_keys"] if key != "lm_head.weight"]
    config = AutoConfig.from_pretrained(options.model)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    processor = Qwen2VLImageProcessor.from_pretrained(options.model)
    contract = json.loads((options.model / "moca.json").read_text())
    mask = contract.get("mask_token")
    print(f"missing {missing}, unknown {unknown}, rows {config.vocab_size}, tokens {len(tokenizer)}, "
          f"mask {mask} = {tokenizer.convert_tokens_to_ids(mask) if mask else None}")
    failed = bool(missing or unknown) or len(tokenizer) > config.vocab_size
    if mask and tokenizer.mask_token != mask:
        print(f"the tokenizer's mask token is {tokenizer.mask_token}")
        failed = True

    with tempfile.TemporaryDirectory() as folder:
        wanted = records(options.data)
        source, target = Path(folder) / "records.jsonl", Path(folder) / "out.npy"
        lines = [json.dumps({"id": str(n), **{**r, "images": [str(Path(p).resolve()) for p in r.get("images", [])]}})
                 for n, r in enumerate(wanted)]
        source.write_text("\n".join(lines) + "\n")
        subprocess.run([options.moca, "embed", "--model", options.model, "--input", source, "--output", target,
                        "--attention", "causal", "--pooling", "last", "--no-normalize"], check=True)
        ours = np.load(target)
    for number, record in enumerate(wanted):
        expected = reference(options.model, record, model, tokenizer, processor)
        difference = np.abs(ours[number] - expected).max()
        print(f"record {number}: largest difference {difference:.2e} (states up to {np.abs(expected).max():.2f})")
        failed |= not difference <= TOLERANCE
    print("FAILED" if failed else "equal")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
