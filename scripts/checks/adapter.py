#!/usr/bin/env python3
"""Loads an adapter that `moca finetune` wrote with PEFT, and compares PEFT's merged weights with the
model that the program merged.

    scripts/checks/adapter.py BASE ADAPTER MERGED

Needs torch, transformers 4.50.3, peft 0.21.
"""

import argparse
import sys
import warnings
from pathlib import Path

import torch
from peft import PeftModel
from transformers import Qwen2_5_VLForConditionalGeneration

TOLERANCE = 1e-5  # absolute: products of two small matrices in float32


def load(folder: Path) -> Qwen2_5_VLForConditionalGeneration:
    return Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, torch_dtype=torch.float32)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("base", "adapter", "merged"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = PeftModel.from_pretrained(load(options.base), options.adapter)
    keys = [str(w.message) for w in caught if "keys" in str(w.message)]
    for text in keys:
        print(text)
    modules = sum(".lora_A." in name for name, _ in adapted.named_parameters())
    theirs = dict(adapted.merge_and_unload().named_parameters())
    start, ours = dict(load(options.base).named_parameters()), dict(load(options.merged).named_parameters())
    worst = max(float((theirs[name] - ours[name]).abs().max()) for name in theirs)
    changed = sum(bool((theirs[name] != start[name]).any()) for name in theirs)
    print(f"{modules} adapted layers, {changed} changed weights, largest difference {worst:.2e}")
    failed = bool(keys) or worst > TOLERANCE or not 0 < changed <= modules
    print("FAILED" if failed else "equal")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
