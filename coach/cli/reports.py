"""What `coach check` has found, in the formats of other programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from coach import __version__
from coach.checking import Checked
from coach.errors import Problem

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    "error": ("script-error", "error", "What keeps a script from being used"),
    "warning": ("script-warning", "warning", "What in a script is most likely a mistake"),
    "advice": ("advice", "note", "What makes a session hard to follow by ear"),
}
"""Severity -> the rule's id, its level, and what it is about."""
_COMMANDS = {"error": "error", "warning": "warning", "advice": "notice"}


def as_json(results: Sequence[Checked], *, with_advice: bool) -> list[dict[str, Any]]:
    """Return the results as one JSON document."""
    documents = []
    for result in results:
        document: dict[str, Any] = {
            "path": str(result.path),
            "ok": result.is_good,
            "message": result.message,
            "problems": [_problem(problem) for problem in result.problems],
        }
        if with_advice:
            document["advice"] = [_problem(problem) for problem in result.advice]
        documents.append(document)
    return documents


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.where.file,
        "line": problem.where.line,
        "column": problem.where.column,
        "severity": problem.severity,
        "message": problem.message,
        "source": problem.source,
    }


def as_sarif(results: Sequence[Checked]) -> dict[str, Any]:
    """Return the results as a SARIF 2.1.0 log."""
    rules = [
        {
            "id": name,
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
        }
        for name, level, text in _RULES.values()
    ]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "audio-coach", "version": __version__, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [item for result in results for item in _sarif_results(result)],
            }
        ],
    }


def _sarif_results(result: Checked) -> Iterator[dict[str, Any]]:
    names = list(_RULES)
    artifact = {"uri": _uri(result.path)}
    if result.message:
        place: dict[str, Any] = {"artifactLocation": artifact}
        yield _sarif_result(names.index("error"), "error", result.message, place)
    for problem in (*result.problems, *result.advice):
        region = {"startLine": problem.where.line, "startColumn": problem.where.column}
        place = {"artifactLocation": artifact, "region": region}
        severity = problem.severity
        yield _sarif_result(names.index(severity), severity, problem.message, place)


def _sarif_result(index: int, severity: str, text: str, place: dict[str, Any]) -> dict[str, Any]:
    name, level, _ = _RULES[severity]
    return {
        "ruleId": name,
        "ruleIndex": index,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: Path) -> str:
    """Return a file's address: relative to the folder where the check runs, if it is given so."""
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


def as_github(results: Sequence[Checked]) -> Iterator[str]:
    """Yield the lines that GitHub's runners turn into remarks beside the lines of a script."""
    for result in results:
        if result.message:
            yield f"::error file={_property(str(result.path))}::{_data(result.message)}"
        for problem in (*result.problems, *result.advice):
            where = problem.where
            place = f"file={_property(where.file)},line={where.line},col={where.column}"
            yield f"::{_COMMANDS[problem.severity]} {place}::{_data(problem.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
