"""Print the table of checkpoints of docs/models.md: parameters and memory, planned from shapes.

    python3 scripts/make/checkpoint-table.py            # the table
    python3 scripts/make/checkpoint-table.py --check    # the formula against the tiny checkpoints of Tests/Fixtures

Counted is what an embedding needs, as `moca model info` does: no output layer over the vocabulary. Adapters are
merged as they are loaded and take no memory of their own.
"""
import json
import pathlib
import struct
import sys

QWEN2_VISION = {"depth": 32, "embed_dim": 1280, "mlp_ratio": 4, "patch_size": 14, "spatial_merge_size": 2,
                "temporal_patch_size": 2, "in_channels": 3}
QWEN25_VISION = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "patch_size": 14,
                 "spatial_merge_size": 2, "temporal_patch_size": 2, "in_channels": 3}


def text(hidden, layers, heads, groups, intermediate, vocabulary, head_dim=None):
    sizes = {"hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
             "num_key_value_heads": groups, "intermediate_size": intermediate, "vocab_size": vocabulary}
    return {**sizes, "head_dim": head_dim} if head_dim else sizes


def qwen3_vision(hidden, depth, intermediate, levels):
    return {"hidden_size": hidden, "depth": depth, "intermediate_size": intermediate, "patch_size": 16,
            "spatial_merge_size": 2, "temporal_patch_size": 2, "in_channels": 3, "num_position_embeddings": 2304,
            "deepstack_visual_indexes": levels}


CLIP = {"hidden_size": 1024, "num_hidden_layers": 24, "intermediate_size": 4096, "patch_size": 14, "image_size": 336}
MLLAMA_VISION = {"hidden_size": 1280, "num_hidden_layers": 32, "num_global_layers": 8, "intermediate_size": 5120,
                 "patch_size": 14, "image_size": 560, "max_num_tiles": 4, "vision_output_dim": 7680,
                 "supported_aspect_ratios": [[1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1]]}
MLLAMA_TEXT = {**text(4096, 40, 32, 8, 14336, 128256), "cross_attention_layers": [3, 8, 13, 18, 23, 28, 33, 38]}

BACKBONES = {
    "Qwen2-VL-2B": ("qwen2_vl", text(1536, 28, 12, 2, 8960, 151936), QWEN2_VISION),
    "Qwen2-VL-7B": ("qwen2_vl", text(3584, 28, 28, 4, 18944, 152064), QWEN2_VISION),
    "Qwen2.5-VL-3B": ("qwen2_5_vl", text(2048, 36, 16, 2, 11008, 151936), QWEN25_VISION),
    "Qwen2.5-VL-7B": ("qwen2_5_vl", text(3584, 28, 28, 4, 18944, 152064), QWEN25_VISION),
    "Qwen3-VL-2B": ("qwen3_vl", text(2048, 28, 16, 8, 6144, 151936, 128), qwen3_vision(1024, 24, 4096, [5, 11, 17])),
    "Qwen3-VL-8B": ("qwen3_vl", text(4096, 36, 32, 8, 12288, 151936, 128),
                    qwen3_vision(1152, 27, 4304, [8, 16, 24])),
    "LLaVA-NeXT (Mistral-7B)": ("llava_next", text(4096, 32, 32, 8, 14336, 32064), CLIP),
    "Phi-3.5-V": ("phi3_v", text(3072, 32, 32, 32, 8192, 32064), CLIP),
    "Llama-3.2-Vision-11B": ("mllama", MLLAMA_TEXT, MLLAMA_VISION),
}
# The name on the Hub, the kind, the backbone, the numbers of a token's vector (None: one vector an input).
CHECKPOINTS = [
    ("moca-embed/MoCa-Qwen25VL-3B", "moca", "Qwen2.5-VL-3B", None),
    ("moca-embed/MoCa-Qwen25VL-7B", "moca", "Qwen2.5-VL-7B", None),
    ("TIGER-Lab/VLM2Vec-Qwen2VL-2B", "vlm2vec", "Qwen2-VL-2B", None),
    ("TIGER-Lab/VLM2Vec-Qwen2VL-7B", "vlm2vec", "Qwen2-VL-7B", None),
    ("VLM2Vec/VLM2Vec-V2.0", "vlm2vec", "Qwen2-VL-2B", None),
    ("TIGER-Lab/VLM2Vec-LLaVa-Next", "vlm2vec_llava", "LLaVA-NeXT (Mistral-7B)", None),
    ("TIGER-Lab/VLM2Vec-Full", "vlm2vec_phi3v", "Phi-3.5-V", None),
    ("Alibaba-NLP/gme-Qwen2-VL-2B-Instruct", "gme", "Qwen2-VL-2B", None),
    ("Alibaba-NLP/gme-Qwen2-VL-7B-Instruct", "gme", "Qwen2-VL-7B", None),
    ("Qwen/Qwen3-VL-Embedding-2B", "qwen3_vl_embedding", "Qwen3-VL-2B", None),
    ("Qwen/Qwen3-VL-Embedding-8B", "qwen3_vl_embedding", "Qwen3-VL-8B", None),
    ("intfloat/mmE5-mllama-11b-instruct", "mme5", "Llama-3.2-Vision-11B", None),
    ("vidore/colqwen2-v1.0", "colqwen2", "Qwen2-VL-2B", 128),
    ("vidore/colqwen2-v1.0-hf", "colqwen2_hf", "Qwen2-VL-2B", 128),
    ("vidore/colqwen2.5-v0.2", "colqwen2_5", "Qwen2.5-VL-3B", 128),
    ("nomic-ai/colnomic-embed-multimodal-3b", "colqwen2_5", "Qwen2.5-VL-3B", 128),
    ("nomic-ai/colnomic-embed-multimodal-7b", "colqwen2_5", "Qwen2.5-VL-7B", 128),
    ("nomic-ai/nomic-embed-multimodal-3b", "biqwen2_5", "Qwen2.5-VL-3B", None),
    ("nomic-ai/nomic-embed-multimodal-7b", "biqwen2_5", "Qwen2.5-VL-7B", None),
]


def decoder_count(sizes, family):
    width, inner = sizes["hidden_size"], sizes["intermediate_size"]
    head = sizes.get("head_dim") or width // sizes["num_attention_heads"]
    queries, keys = head * sizes["num_attention_heads"], head * sizes["num_key_value_heads"]
    attention = width * (queries + 2 * keys) + queries * width
    # Qwen2 has biases, Qwen3 norms of queries and keys.
    attention += {"qwen2_vl": queries + 2 * keys, "qwen2_5_vl": queries + 2 * keys, "qwen3_vl": 2 * head}.get(family, 0)
    layer = attention + 3 * width * inner + 2 * width
    count = sizes["vocab_size"] * width + sizes["num_hidden_layers"] * layer + width
    if family == "mllama":
        # Eight more rows of special tokens; layers of cross-attention have two norms and two gates more.
        count += 8 * width + len(sizes["cross_attention_layers"]) * (2 * head + 2)
    return count


def clip_count(family, sizes, out):
    """CLIP without its last layer, and the projector of LLaVA-NeXT or Phi-3.5-V."""
    width, inner = sizes["hidden_size"], sizes["intermediate_size"]
    positions = (sizes["image_size"] // sizes["patch_size"]) ** 2 + 1
    block = 4 * (width * width + width) + 2 * width * inner + inner + width + 4 * width
    count = (3 * sizes["patch_size"] ** 2 + 1 + positions + 2) * width + (sizes["num_hidden_layers"] - 1) * block
    source = width if family == "llava_next" else 4 * width
    separators = out if family == "llava_next" else 2 * source
    return count + source * out + out + out * out + out + separators


def mllama_count(sizes, out):
    """The local and the global tower of Llama-3.2-Vision, and the projector."""
    width, inner, tiles = sizes["hidden_size"], sizes["intermediate_size"], sizes["max_num_tiles"]
    positions = (sizes["image_size"] // sizes["patch_size"]) ** 2 + 1
    shapes = len(sizes["supported_aspect_ratios"]) + 1
    block = 4 * width * width + 2 * width * inner + inner + width + 4 * width
    layers = sizes["num_hidden_layers"] * block + sizes["num_global_layers"] * (block + 2)
    tables = positions * width + shapes * tiles * (positions + 2) * width + 3
    return layers + tables + (3 * sizes["patch_size"] ** 2 + 5) * width + (sizes["vision_output_dim"] + 1) * out


def tower_count(family, sizes, out):
    if family in ("llava_next", "phi3_v"):
        return clip_count(family, sizes, out)
    if family == "mllama":
        return mllama_count(sizes, out)
    width = sizes["embed_dim"] if family == "qwen2_vl" else sizes["hidden_size"]
    values = sizes["in_channels"] * sizes["temporal_patch_size"] * sizes["patch_size"] ** 2
    merged = width * sizes["spatial_merge_size"] ** 2
    attention = 4 * width * width + 4 * width
    merger = merged * merged + merged + merged * out + out
    if family == "qwen2_5_vl":
        inner = sizes["intermediate_size"]
        block = attention + 3 * width * inner + 2 * inner + width + 2 * width
        return values * width + sizes["depth"] * block + merger + width
    inner = int(sizes["mlp_ratio"] * width) if family == "qwen2_vl" else sizes["intermediate_size"]
    block = attention + 2 * width * inner + inner + width + 4 * width
    count = values * width + sizes["depth"] * block + merger + 2 * width
    if family == "qwen3_vl":
        levels = len(sizes["deepstack_visual_indexes"])
        count += width + sizes["num_position_embeddings"] * width + levels * (merger + 2 * merged)
    return count


def count(family, text_sizes, vision_sizes, projected=None):
    """The number of parameters that an embedding depends on."""
    width = text_sizes["hidden_size"]
    head = (width + 1) * projected if projected else 0
    return decoder_count(text_sizes, family) + tower_count(family, vision_sizes, width) + head


def gib(value):
    return f"{value / 2 ** 30:.1f}"


def table():
    rows = ["| checkpoint | embedder | backbone | vector | parameters | float32, GiB | bfloat16, float16, GiB |",
            "|---|---|---|---|---|---|---|"]
    for name, kind, backbone, projected in CHECKPOINTS:
        family, text_sizes, vision_sizes = BACKBONES[backbone]
        number = count(family, text_sizes, vision_sizes, projected)
        vector = f"{projected} a token" if projected else str(text_sizes["hidden_size"])
        rows.append(f"| `{name}` | `{kind}` | {backbone} | {vector} | {number / 1e9:.2f} G | {gib(4 * number)} "
                    f"| {gib(2 * number)} |")
    return "\n".join(rows)


def clip_sizes(shapes):
    """The sizes of Phi-3.5-V's tower, which are not in its file."""
    tower = {name.partition("vision_model.")[2]: shape for name, shape in shapes.items() if "vision_model." in name}
    layers = {name.split(".")[2] for name in tower if name.startswith("encoder.layers.")}
    inner, width = tower["encoder.layers.0.mlp.fc1.weight"]
    return {**CLIP, "hidden_size": width, "num_hidden_layers": len(layers), "intermediate_size": inner}


def check():
    """Compare the formula with the tensors of the tiny checkpoints."""
    root = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "families"
    for folder in sorted(path.parent for path in root.glob("*/config.json")):
        config = json.loads((folder / "config.json").read_text())
        data = (folder / "model.safetensors").read_bytes()
        header = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
        shapes = {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}
        vision = clip_sizes(shapes) if config["model_type"] == "phi3_v" else config["vision_config"]
        unused = ["lm_head", "vision_model.post_layernorm"]
        if config["model_type"] in ("llava_next", "phi3_v"):
            unused.append(f"vision_model.encoder.layers.{vision['num_hidden_layers'] - 1}.")
        stored, projected = 0, None
        for name, shape in shapes.items():
            size = 1
            for one in shape:
                size *= one
            stored += 0 if any(part in name for part in unused) else size
            projected = shape[0] if name == "custom_text_proj.weight" else projected
        vision = {"in_channels": vision.get("in_chans", 3), **vision}
        planned = count(config["model_type"], config.get("text_config", config), vision, projected)
        print(f"{folder.name}: planned {planned}, stored {stored}")
        if planned != stored:
            sys.exit(f"the formula is wrong for {folder.name}")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else print(table())
