#!/usr/bin/env python3
"""Shares one cache of the Hugging Face Hub between `moca` and huggingface_hub, in both directions.

    pip install huggingface_hub            # 2.4.0 when this was written
    scripts/checks/hub_cache.py [--moca .build/release/moca] [--model models/nano]

The Hub is scripts/tests/imitation-hub.py on loopback. Checked are: a model that moca downloaded, read
by huggingface_hub without a network; one that huggingface_hub downloaded, whole, in part and by
commit, read by moca without a network; a download that both do at once; and one that moca resumes
after a kill. Ends with status 1 at the first difference.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "org/shared"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def expect(condition: bool, what: str, detail: object = "") -> None:
    """Ends the program if a condition does not hold."""
    print(("ok    " if condition else "WRONG ") + what)
    if not condition:
        sys.exit(f"{what}: {detail}")


class Trial:
    """A folder with a Hub, and caches in folders of their own."""

    def __init__(self, folder: Path, moca: Path, model: Path):
        self.folder, self.moca = folder, moca
        self.hub = folder / "hub"
        self.files = self.hub / "models" / NAME
        shutil.copytree(model, self.files)
        (self.files / "pytorch_model.bin").write_bytes(b"not wanted")
        self.server = subprocess.Popen(
            [sys.executable, ROOT / "scripts/tests/imitation-hub.py", self.hub],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = "http://127.0.0.1:" + self.server.stdout.readline().strip()

    def environment(self, home: str, offline: bool) -> dict:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        return kept | {
            "HF_HOME": str(self.folder / home), "HF_ENDPOINT": self.address,
            "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_OFFLINE": "1" if offline else "0"}

    def run_moca(self, home: str, *arguments: str, offline: bool = False):
        return subprocess.run(
            [self.moca, *arguments], env=self.environment(home, offline), capture_output=True,
            text=True)

    def start_moca(self, home: str, *arguments: str):
        return subprocess.Popen(
            [self.moca, *arguments], env=self.environment(home, False), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def python(self, home: str, code: str, offline: bool = False, **more) -> str:
        """The output of Python code that uses huggingface_hub."""
        result = subprocess.run(
            [sys.executable, "-c", "from huggingface_hub import *\n" + code],
            env=self.environment(home, offline), capture_output=True, text=True, **more)
        expect(result.returncode == 0, "huggingface_hub runs", result.stderr[-600:])
        return result.stdout.strip()

    def repository(self, home: str) -> Path:
        return self.folder / home / "hub" / ("models--" + NAME.replace("/", "--"))

    def fail(self, faults: dict) -> None:
        (self.hub / "faults.json").write_text(json.dumps(faults))


def same_files(trial: Trial, snapshot: Path, names: list[str]) -> bool:
    """Whether files of a snapshot are those of the Hub."""
    return all((snapshot / n).read_bytes() == (trial.files / n).read_bytes() for n in names)


def moca_writes(trial: Trial) -> None:
    """What moca downloaded is a cache to huggingface_hub."""
    fetched = trial.run_moca("a", "model", "fetch", NAME)
    expect(fetched.returncode == 0, "moca downloads", fetched.stderr)
    snapshot = Path(fetched.stdout.strip())
    names = sorted(p.name for p in snapshot.iterdir())
    expect("pytorch_model.bin" not in names, "pickles are left out", names)
    expect(same_files(trial, snapshot, names), "the files are those of the Hub", names)
    found = trial.python("a", f"print(snapshot_download({NAME!r}))", offline=True)
    expect(found == str(snapshot), "snapshot_download finds it offline", found)
    for name in ["config.json", "model.safetensors"]:
        found = trial.python("a", f"print(hf_hub_download({NAME!r}, {name!r}))", offline=True)
        expect(found == str(snapshot / name), f"hf_hub_download finds {name}", found)
    absent = "print(try_to_load_from_cache({!r}, 'modules.json') is _CACHED_NO_EXIST)"
    if not (trial.files / "modules.json").exists():
        found = trial.python("a", absent.format(NAME), offline=True)
        expect(found == "True", "a file that the commit lacks is known to be absent", found)
    scan = trial.python(
        "a", "i = scan_cache_dir()\nprint(len(i.repos), len(i.warnings), "
        "sorted(r for v in list(i.repos)[0].revisions for r in v.refs))")
    expect(scan == "1 0 ['main']", "scan_cache_dir has no warnings", scan)
    # Python adds what moca left out, and moca's files are not fetched again.
    log = trial.hub / "requests.log"
    before = log.read_text().count("GET /cdn/")
    trial.python("a", f"snapshot_download({NAME!r})")
    fetched = [line for line in log.read_text().splitlines() if "GET /cdn/" in line][before:]
    expect(not any("model.safetensors" in line for line in fetched),
           "snapshot_download fetches none of them again", fetched)


def python_writes(trial: Trial) -> None:
    """What huggingface_hub downloaded is a cache to moca."""
    found = trial.python("b", f"print(snapshot_download({NAME!r}))")
    info = trial.run_moca("b", "model", "info", "--model", NAME, "--json", offline=True)
    expect(info.returncode == 0, "moca reads a whole snapshot offline", info.stderr)
    expect(json.loads(info.stdout)["model"] == found, "it is the same folder", info.stdout)
    listed = json.loads(trial.run_moca("b", "model", "list", "--json").stdout)["models"]
    expect(len(listed) == 1 and listed[0]["complete"] and listed[0]["revisions"] == ["main"],
           "moca lists it", listed)
    # By commit: no refs.
    trial.python("c", f"snapshot_download({NAME!r}, revision={COMMIT!r})")
    expect(not (trial.repository("c") / "refs").exists()
           or not any((trial.repository("c") / "refs").iterdir()), "a pinned cache has no refs")
    for name in [NAME, f"{NAME}@{COMMIT}"]:
        info = trial.run_moca("c", "model", "info", "--model", name, "--json", offline=True)
        expect(info.returncode == 0, f"moca reads {name} from it offline", info.stderr)
    # One file: the rest is missing.
    trial.python("d", f"hf_hub_download({NAME!r}, 'config.json')")
    refused = trial.run_moca("d", "model", "info", "--model", NAME, offline=True)
    refused = trial.run_moca("d", "similarity", "--model", NAME, "--query", "a", "--target", "b",
                             offline=True)
    expect(refused.returncode == 66 and "model.safetensors" in refused.stderr,
           "a snapshot with one file is refused offline, by name", refused.stderr)
    completed = trial.run_moca("d", "similarity", "--model", NAME, "--query", "a", "--target", "b")
    expect(completed.returncode == 0, "and completed online", completed.stderr)


def both_at_once(trial: Trial) -> None:
    """The locks are the same: a file is fetched once."""
    trial.fail({f"/cdn/models/{NAME}/model.safetensors": {"delay": 0.01}})
    log = trial.hub / "requests.log"
    wanted = f"GET /cdn/models/{NAME}/model.safetensors"
    before = log.read_text().count(wanted)
    process = trial.start_moca("e", "model", "fetch", NAME)
    while log.read_text().count(wanted) == before and process.poll() is None:
        time.sleep(0.01)
    trial.python("e", f"snapshot_download({NAME!r}, allow_patterns=['*.safetensors'])")
    expect(process.wait() == 0, "moca finishes beside huggingface_hub")
    count = log.read_text().count(wanted) - before
    expect(count == 1, "the weights were fetched once", count)
    trial.fail({})


def killed(trial: Trial) -> None:
    """A killed download goes on where it stopped."""
    trial.fail({f"/cdn/models/{NAME}/model.safetensors": {"delay": 0.02}})
    digest = hashlib.sha256((trial.files / "model.safetensors").read_bytes()).hexdigest()
    partial = trial.repository("f") / "blobs" / f"{digest}.incomplete"
    process = trial.start_moca("f", "model", "fetch", NAME)
    while not (partial.exists() and partial.stat().st_size > 200_000):
        time.sleep(0.005)
        expect(process.poll() is None, "the download runs") if process.poll() else None
    process.send_signal(signal.SIGKILL)
    process.wait()
    size = partial.stat().st_size
    trial.fail({})
    again = trial.run_moca("f", "model", "fetch", NAME)
    expect(again.returncode == 0, "moca goes on after a kill", again.stderr)
    line = (trial.hub / "requests.log").read_text().splitlines()[-1]
    expect(f"bytes={size}- 206" in (trial.hub / "requests.log").read_text(),
           "it requests the rest alone", line)
    found = trial.python("f", f"print(snapshot_download({NAME!r}))", offline=True)
    expect(found == again.stdout.strip(), "huggingface_hub finds it", found)


def main() -> None:
    """Runs all checks in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moca", type=Path, default=ROOT / ".build/release/moca")
    parser.add_argument("--model", type=Path, default=ROOT / "models/nano")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder).resolve(), options.moca.resolve(), options.model.resolve())
        try:
            for check in [moca_writes, python_writes, both_at_once, killed]:
                check(trial)
        finally:
            trial.server.kill()
    print("moca and huggingface_hub share a cache")


if __name__ == "__main__":
    main()
