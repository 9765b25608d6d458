"""Write a folder of pictures as one stored zip, the same bytes each time.

JPEG and PNG do not shrink, so entries are stored: `moca` then reads a picture at its position.
"""
import zipfile
from pathlib import Path

TIMESTAMP = (1980, 1, 1, 0, 0, 0)   # the earliest date that a zip can hold


def write_archive(folder: Path, archive: Path) -> int:
    """Store every file below `folder`, sorted by name and named from the folder's parent."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for path in paths:
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), TIMESTAMP)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            target.writestr(entry, path.read_bytes())
    return len(paths)
