#!/usr/bin/env python3
"""events.tsv: which compared program shows which events of which kind of connection.

Complains when a row has a program that does not exist or names none of the row's events, an event that none of its programs
names, and when an event of the header is in no row. The last line is "N passed, M failed".
"""

import csv
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE.parent / "c"
HEADER = HERE.parent.parent / "include" / "mongoose.h"


def source_of(path):
    """The program with the headers of this folder that it includes."""
    text = path.read_text()
    for name in re.findall(r'#include "(\w+\.h)"', text):
        if (PROGRAMS / name).exists():
            text += source_of(PROGRAMS / name)
    return text


def main():
    rows = list(csv.DictReader((HERE / "events.tsv").open(newline=""), delimiter="\t"))
    complaints, seen = [], set()
    for row in rows:
        where, events = f"{row['connection']}, {row['what happens']}", row["events"].split()
        seen.update(events)
        missing = set(events)
        for program in row["programs"].split():
            path = PROGRAMS / f"{program}.c"
            if not path.exists():
                complaints.append(f"{where}: there is no {program}")
                continue
            named = {event for event in events if re.search(rf'\bMG_EV_{event}\b|"{event}"', source_of(path))}
            if not named:
                complaints.append(f"{where}: {program} names none of its events")
            missing -= named
        complaints += [f"{where}: no program names {event}" for event in sorted(missing)]
    events = re.findall(r"^  MG_EV_(\w+)", HEADER.read_text(), re.MULTILINE)
    complaints += [f"{event} is in no row" for event in events if event not in seen]
    for complaint in complaints:
        print("FAIL", complaint)
    print(f"{len(rows)} passed, {len(complaints)} failed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
