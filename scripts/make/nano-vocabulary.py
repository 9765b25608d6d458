#!/usr/bin/env python3
"""Make the nano model's vocabulary and configuration files (no weights).

Reads the training texts of a data folder (the one that make-example-data.py --training-output
writes, so that nothing held out is read; or examples/data), trains a byte-level BPE with
Qwen2.5's split rule on them, appends Qwen2.5's added tokens in their order and `<|mask|>`, and
writes tokenizer.json (and the same as vocab.json and merges.txt, which the slow tokenizer of
transformers reads), tokenizer_config.json, preprocessor_config.json and config.json.
The same texts give the same bytes. Half a minute, under 1 GB.

Needs `tokenizers` (made with 0.21.4) and `pyarrow`:
    python3 scripts/make/nano-vocabulary.py --data DATA --output models/nano
"""
import argparse
import glob
import json
import os

import pyarrow.parquet as parquet
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

# Qwen2.5's added tokens, in order: ids follow the trained entries.
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>",
           "<|object_ref_end|>", "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>",
           "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>",
           "<|video_pad|>"]
PLAIN = ["<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
         "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"]
MASK = "<|mask|>"
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
PLACEHOLDERS = ["<|image_1|>", "<|vision_start|><|image_pad|><|vision_end|>"]

MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


def training_texts(data):
    """Every training text once, short ones four times, in a fixed order.

    Captions are short and in many languages; unweighted, package descriptions outvote them.
    """
    seen = {}

    def add(text):
        for placeholder in PLACEHOLDERS:
            text = text.replace(placeholder, "")
        if text.strip():
            seen.setdefault(text)

    for path in sorted(glob.glob(os.path.join(data, "mmeb-train", "*", "*.parquet"))):
        table = parquet.read_table(path, columns=["qry", "pos_text"]).to_pydict()
        for query, positive in zip(table["qry"], table["pos_text"]):
            add(query)
            add(positive)
    meta = os.path.join(data, "images_meta.parquet")
    for row in parquet.read_table(meta, columns=["split", "captions_json"]).to_pylist():
        if row["split"] == "train":
            captions = json.loads(row["captions_json"])
            for language in sorted(captions):
                add(captions[language])
    for path in sorted(glob.glob(os.path.join(data, "cpt", "*", "*.parquet"))):
        for text in parquet.read_table(path, columns=["text"]).to_pydict()["text"]:
            add(text)
    return [text for text in seen for _ in range(4 if len(text) < 100 else 1)]


def train(texts, entries):
    """A byte-level BPE of `entries` entries (256 bytes and the merges), Qwen2.5's split rule."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)])
    level = dict(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel(**level)
    tokenizer.post_processor = processors.ByteLevel(**level)
    trainer = trainers.BpeTrainer(
        vocab_size=entries, min_frequency=2, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(texts, trainer)
    flags = dict(lstrip=False, rstrip=False, single_word=False, normalized=False)
    for token in SPECIAL:
        tokenizer.add_special_tokens([AddedToken(token, special=True, **flags)])
    for token in PLAIN:
        tokenizer.add_tokens([AddedToken(token, special=False, **flags)])
    tokenizer.add_special_tokens([AddedToken(MASK, special=True, **flags)])
    return tokenizer


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


def write_tokenizer(tokenizer, folder):
    """tokenizer.json and tokenizer_config.json with exactly Qwen2.5's fields; -> added ids."""
    data = json.loads(tokenizer.to_str())
    data["model"].update(dropout=None, unk_token=None, continuing_subword_prefix="",
                         end_of_word_suffix="", fuse_unk=False, byte_fallback=False)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    with open(os.path.join(folder, "vocab.json"), "w", encoding="utf-8") as file:
        json.dump(data["model"]["vocab"], file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n")
        file.writelines(" ".join(pair) + "\n" for pair in data["model"]["merges"])
    added = {token["content"]: token for token in data["added_tokens"]}
    keys = ["content", "lstrip", "normalized", "rstrip", "single_word", "special"]
    write_json(folder, "tokenizer_config.json", {
        "add_bos_token": False, "add_prefix_space": False,
        "added_tokens_decoder": {
            str(token["id"]): {key: token[key] for key in keys} for token in added.values()},
        "additional_special_tokens": SPECIAL[1:], "bos_token": None,
        "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace",
        "mask_token": MASK, "model_max_length": 4096, "pad_token": "<|endoftext|>",
        "processor_class": "Qwen2_5_VLProcessor", "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None})
    return {content: token["id"] for content, token in added.items()}


def write_configuration(ids, vocabulary_size, folder):
    """The nano shape (docs/nano-model.md says why) as a flat Qwen2.5-VL configuration."""
    hidden, heads, vision = 192, 3, 128
    write_json(folder, "config.json", {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl",
        "attention_dropout": 0.0, "hidden_act": "silu", "initializer_range": 0.02,
        "hidden_size": hidden, "intermediate_size": 384, "num_hidden_layers": 4,
        "num_attention_heads": heads, "num_key_value_heads": 1, "max_position_embeddings": 4096,
        "max_window_layers": 4, "sliding_window": 4096, "use_sliding_window": False,
        "rms_norm_eps": 1e-06, "rope_theta": 10000.0,
        "rope_scaling": {"type": "mrope", "mrope_section": [8, 12, 12]},
        "tie_word_embeddings": False, "torch_dtype": "float32", "transformers_version": "4.50.3",
        "use_cache": True, "vocab_size": vocabulary_size,
        "bos_token_id": ids["<|endoftext|>"], "eos_token_id": ids["<|im_end|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "vision_token_id": ids["<|vision_pad|>"], "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_config": {
            "model_type": "qwen2_5_vl", "depth": 4, "hidden_act": "silu", "hidden_size": vision,
            "intermediate_size": 256, "num_heads": 4, "in_chans": 3, "in_channels": 3,
            "out_hidden_size": hidden, "patch_size": 14, "spatial_merge_size": 2,
            "spatial_patch_size": 14, "window_size": 112, "fullatt_block_indexes": [1, 3],
            "tokens_per_second": 2, "temporal_patch_size": 2}})
    write_json(folder, "preprocessor_config.json", {
        "min_pixels": 9 * 784, "max_pixels": 9 * 784, "patch_size": 14, "temporal_patch_size": 2,
        "merge_size": 2, "image_mean": MEAN, "image_std": STD,
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": "Qwen2_5_VLProcessor"})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with mmeb-train, cpt, images_meta")
    parser.add_argument("--output", default="models/nano")
    parser.add_argument("--entries", type=int, default=8000, help="bytes and merges")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    texts = training_texts(arguments.data)
    tokenizer = train(texts, arguments.entries)
    ids = write_tokenizer(tokenizer, arguments.output)
    size = (max(ids.values()) + 64) // 64 * 64        # a multiple of 64 that holds every id
    write_configuration(ids, size, arguments.output)
    print(f"{len(texts)} texts, {tokenizer.get_vocab_size()} tokens, {size} embedding rows")


if __name__ == "__main__":
    main()
