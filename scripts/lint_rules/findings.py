"""What a check found, how it is printed, and which places are excused."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALLOWLIST = ROOT / "scripts" / "lint-allowlist"
WARNINGS_SHOWN = 12


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, what, and how to fix it."""

    path: str
    line: int
    rule: str
    what: str
    fix: str
    is_error: bool = True

    def __str__(self) -> str:
        kind = "error" if self.is_error else "warning"
        return f"{self.path}:{self.line}: {kind}: {self.what} [{self.rule}]; {self.fix}"


@dataclass
class Allowlist:
    """Lines `RULE PATH REASON`: files excused from one rule, each with its reason."""

    entries: dict[tuple[str, str], int] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)
    path: str = "scripts/lint-allowlist"

    @classmethod
    def parse(cls, text: str) -> "Allowlist":
        """Reads the file; a line without a reason is a ValueError naming it."""
        entries = {}
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#")[0].split(maxsplit=2)
            if not words:
                continue
            if len(words) < 3:
                raise ValueError(f"{cls.path}:{number}: write RULE PATH REASON")
            entries[words[0], words[1]] = number
        return cls(entries)

    def excuses(self, rule: str, path: str) -> bool:
        """Whether the file is excused from the rule; remembers that the entry was needed."""
        if (rule, path) not in self.entries:
            return False
        self.used.add((rule, path))
        return True

    def stale(self, rules: set[str]) -> list[Finding]:
        """The entries of these rules that nothing needed."""
        return [
            Finding(self.path, number, rule, f"{path} needs no excuse", "delete the line", False)
            for (rule, path), number in self.entries.items()
            if rule in rules and (rule, path) not in self.used
        ]


def load_allowlist() -> Allowlist:
    """The repository's list."""
    return Allowlist.parse(ALLOWLIST.read_text(encoding="utf-8"))


def report(name: str, findings: list[Finding]) -> int:
    """Prints errors, then some warnings, then one summary line; returns the exit status."""
    errors = [finding for finding in findings if finding.is_error]
    warnings = [finding for finding in findings if not finding.is_error]
    shown = warnings if "--all" in sys.argv else warnings[:WARNINGS_SHOWN]
    for finding in errors + shown:
        print(finding)
    if len(shown) < len(warnings):
        print(f"... {len(warnings) - len(shown)} more warnings: scripts/{name} --all")
    print(f"{name}: {len(errors)} errors, {len(warnings)} warnings")
    return 1 if errors else 0
