"""What is large and long: how much it takes, and whether it grows faster than what there is.

Each figure stands beside that of a third as much: a ratio of 3 is in proportion. Limits leave room
for what is done once, and for sorting.
"""

from __future__ import annotations

from tests.bench.run import COACH, Bench, Row

EXERCISES = 9_000
"""Of a script, or as many as 48 hours hold."""
CLIPS = 99_000
SESSIONS = 9_000
ROUTINES = 3_000
ROWS = 9_000
HOURS = 26
"""Parts of `large_probe.day`, which are a little less than an hour."""
IN_PROPORTION, FLAT = 4.0, 1.5
"""How many times as much three times as much may take, where it takes something of each, and where
it looks at some only."""


def script(count: int) -> str:
    """Return a script of so many exercises, each with texts of its own."""
    exercises = "".join(
        f"  - {{name: Exercise number {n}, setup: ['Come down slowly, to place {n}.'],"
        " reps: 1-3, hold: 1s}\n"
        for n in range(count)
    )
    return f"title: Many\nlanguage: en\nrest: 1s\nsettle: 0\nexercises:\n{exercises}"


def large(bench: Bench) -> list[Row]:
    """Measure long scripts, large stores, histories, libraries and rosters."""
    rows = [*_scripts(bench), *_texts(bench), *_stores(bench), *_histories(bench)]
    return [*rows, *_libraries(bench), *_rosters(bench)]


def day(bench: Bench) -> list[Row]:
    """Measure a day of playing, on a clock that runs as fast as it can."""
    rows = []
    for what, title in (("day", "a day of playing"), ("handled-day", "with 24 commands")):
        found = bench.probe(what, str(HOURS), program="large_probe.py")
        rows += [
            Row(f"{title}: hours", found["hours"], "h", 24.0, at_least=True),
            Row(f"{title}: frames off at the end", found["drift"], "x", 0.0),
            Row(f"{title}: holds", found["holds"], "x"),
            Row(f"{title}: holds that are not exact", found["wrong_holds"], "x", 0.0),
            Row(f"{title}: memory as it begins", found["first_mb"], "MB"),
            Row(f"{title}: memory at most", found["mb"], "MB"),
            Row(f"{title}: more memory after each hour", found["mb_per_hour"], "MB", 0.5),
            Row(f"{title}: planning it", found["planning"], "s"),
        ]
    rows += [
        Row("a change within a day", found["change"], "s"),
        Row("the longest of its changes", found["longest_change"], "s"),
    ]
    hour = bench.probe("hour", "1", program="large_probe.py")
    return [*rows, Row("processor for an hour of playing", hour["cpu_per_hour"], "s")]


def _row(what: str, many: float, third: float, limit: float, unit: str = "s") -> Row:
    return Row(what, many, unit, limit, rival=max(third, 1e-9), beside="a third as many")


def _scripts(bench: Bench) -> list[Row]:
    for count in (EXERCISES, EXERCISES // 3):
        (bench.folder / f"{count}.yaml").write_text(script(count), "utf-8")
        wrong = script(count).replace("hold: 1s", "hodl: 1s")
        (bench.folder / f"wrong-{count}.yaml").write_text(wrong, "utf-8")
    rows = []
    for command, name, good in (
        ("check", "", 0),
        ("check", "wrong-", 1),
        ("fmt --check", "", 1),
        ("export --to csv", "", 0),
        ("show --detail brief", "", 0),
    ):
        costs = [
            bench.costs(*COACH, *command.split(), f"./{name}{count}.yaml", good=(good,))
            for count in (EXERCISES, EXERCISES // 3)
        ]
        (many, held), (third, _) = costs
        what = f"coach {command}, {EXERCISES:,} {'wrong ' if name else ''}exercises"
        rows.append(_row(what, many, third, IN_PROPORTION))
        rows.append(Row(f"{what}: memory", held, "MB"))
    return rows


def _texts(bench: Bench) -> list[Row]:
    many, third = (
        bench.probe("texts", str(count), program="large_probe.py")
        for count in (EXERCISES, EXERCISES // 3)
    )
    names = ("session", "captions", "transcript", "cue sheet", "page")
    rows = [
        _row(f"{name} of {EXERCISES:,} exercises", many[name], third[name], IN_PROPORTION)
        for name in names
    ]
    return [*rows, Row(f"all of these, {EXERCISES:,} exercises: memory", many["mb"], "MB")]


def _stores(bench: Bench) -> list[Row]:
    many, third = (
        bench.probe("store", str(count), program="large_probe.py") for count in (CLIPS, CLIPS // 3)
    )
    clips = f"{CLIPS:,} clips"
    return [
        Row(f"after a session, {clips} stored", 1000 * many["due"], "ms"),
        Row(f"whether any are, {clips}", 1000 * many["empty"], "ms"),
        _row(f"a look through {clips}", many["look"], third["look"], IN_PROPORTION),
        Row(f"a look through {clips}: memory", many["mb"], "MB", 60.0),
        _row(f"removing half of {clips}", many["half"], third["half"], IN_PROPORTION),
    ]


def _histories(bench: Bench) -> list[Row]:
    many, third = (
        bench.probe("history", str(count), program="large_probe.py")
        for count in (SESSIONS, SESSIONS // 3)
    )
    rows = [
        _row(f"{what}, {SESSIONS:,} sessions", 1000 * many[key], 1000 * third[key], limit, "ms")
        for key, what, limit in (
            ("newest", "the newest session", FLAT),
            ("unfinished", "the one to go on with", FLAT),
            ("weeks", "the sessions of ten weeks", FLAT),
            ("past", "what progress is counted from", IN_PROPORTION),
            ("all", "all sessions", IN_PROPORTION),
        )
    ]
    return [*rows, Row(f"all sessions, {SESSIONS:,}: memory", many["mb"], "MB")]


def _libraries(bench: Bench) -> list[Row]:
    own = bench.folder / "home/data/audio-coach/routines"
    own.mkdir(parents=True)
    text = (script(6)).replace("title: Many", "title: Mine")
    costs = []
    for first, last in ((0, ROUTINES // 3), (ROUTINES // 3, ROUTINES)):
        for number in range(first, last):
            (own / f"mine-{number}.yaml").write_text(text, "utf-8")
        found = f"mine-{last - 1}"
        costs.append((bench.costs(*COACH, "list"), bench.costs(*COACH, "check", found)))
    ((third, _), (third_found, _)), ((many, held), (many_found, _)) = costs
    what = f"{ROUTINES:,} routines of one's own"
    return [
        _row(f"coach list, {what}", many, third, IN_PROPORTION),
        Row(f"coach list, {what}: memory", held, "MB"),
        _row(f"coach check NAME, {what}", 1000 * many_found, 1000 * third_found, FLAT, "ms"),
    ]


def _rosters(bench: Bench) -> list[Row]:
    (bench.folder / "wrong.yaml").write_text("title: W\nexercises: [{name: A, hodl: 5}]\n", "utf-8")
    costs = []
    for count in (ROWS // 3, ROWS):
        rows = "".join(f"P{n},./wrong.yaml,reps={5 + n % 6}\n" for n in range(count))
        (bench.folder / "people.csv").write_text(f"name,routine,settings\n{rows}", "utf-8")
        # Each of them is planned and refused, so nothing is written.
        batch = (*COACH, "batch", "people.csv", "-q", "--out", "made")
        costs.append(bench.costs(*batch, good=(1,)))
    (third, _), (many, held) = costs
    return [
        _row(f"coach batch, {ROWS:,} rows that are refused", many, third, IN_PROPORTION),
        Row(f"coach batch, {ROWS:,} rows that are refused: memory", held, "MB"),
    ]
