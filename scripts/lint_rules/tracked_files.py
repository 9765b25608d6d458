"""What no tracked file may say: paths of somebody's machine, addresses of package sources."""

from __future__ import annotations

import re

from .findings import Finding
from .source_text import line_of

# Folders of data, whose texts are not ours.
DATA_FOLDERS = ("examples/data/", "models/", "Tests/Fixtures/")
DATA_SUFFIXES = (".jsonl", ".parquet", ".safetensors", ".svg", ".html")
TEXT_BYTES_MAX = 1_000_000

# A host that is not here needs a thought: is it a place that readers should go to?
KNOWN_HOSTS = {
    "arxiv.org", "github.com", "huggingface.co", "swift.org", "www.swift.org", "www.w3.org",
    "pytorch.org", "docs.pytorch.org", "docs.python.org", "spdx.org", "creativecommons.org",
    "www.apache.org", "unicode.org", "www.unicode.org", "json-schema.org", "api.openai.com",
    "keepachangelog.com", "semver.org", "www.libvips.org", "libvips.org", "arrow.apache.org",
    "openclipart.org", "wordnet.princeton.edu", "aclanthology.org", "openreview.net", "doi.org",
    "www.rfc-editor.org", "tools.ietf.org", "localhost", "127.0.0.1", "example.com", "example.org",
}

_MACHINE_PATH = re.compile(r"(?<![\w.\])}~])/(?:root|work|home|Users|opt|mnt|srv)/[\w.-]+")
_OUTSIDE = re.compile(r"\.\./shared\b")
_URL = re.compile(r"\b(?:https?|ftp)://([\w.-]+)")


def check_text(path: str, text: str) -> list[Finding]:
    """The findings in one tracked file."""
    found = []
    is_data = path.startswith(DATA_FOLDERS) and not path.endswith((".md", "MANIFEST.json"))
    if is_data or path.endswith(DATA_SUFFIXES):
        return found
    for pattern in (_MACHINE_PATH, _OUTSIDE):
        for match in pattern.finditer(text):
            found.append(Finding(path, line_of(text, match.start()), "machine-path",
                                 f"{match[0]} exists on one machine only",
                                 "use a path relative to the repository, or a variable"))
    for match in _URL.finditer(text):
        if match[1].lower().rstrip(".") not in KNOWN_HOSTS:
            found.append(Finding(path, line_of(text, match.start()), "host",
                                 f"{match[1]} is not a known host",
                                 "leave package sources to the user's settings; add another host "
                                 "to KNOWN_HOSTS in scripts/lint_rules/tracked_files.py"))
    return found
