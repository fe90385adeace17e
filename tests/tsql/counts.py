#!/usr/bin/env python3
"""counts.py CORPUS-DIRECTORY < JSON of lakemover convert: compares each routine's class with the one its file expects,
prints the table of counts for docs/tsql.md, and exits with 1 when a class differs."""
import collections
import json
import os
import re
import sys

CLASSES = ("equivalent", "review", "manual")


def expected(directory):
    """{(file, line of CREATE): class}"""
    wanted = {}
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".sql"):
            continue
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            lines = file.read().split("\n")
        for number, line in enumerate(lines, 1):
            match = re.match(r"-- expect: (\w+)", line)
            if match:
                wanted[name, number + 1] = match.group(1)
    return wanted


def main():
    wanted = expected(sys.argv[1])
    counts = collections.defaultdict(collections.Counter)
    wrong = 0
    for text in sys.stdin:
        found = json.loads(text)
        if found["kind"] in ("table", "type", "support"):
            continue
        key = os.path.basename(found["file"]), found["line"]
        counts[key[0]][found["class"]] += 1
        if wanted.pop(key, None) != found["class"]:
            wrong += 1
            notes = "; ".join("%s: %s" % (n["construct"], n["why"]) for n in found["notes"])
            print("%s:%d: %s is %s (%s)%s" % (*key, found["name"], found["class"], notes, found["reason"] or ""), file=sys.stderr)
    for name, line in wanted:
        wrong += 1
        print("%s:%d: not found" % (name, line), file=sys.stderr)
    print("| file | routines | equivalent | review | manual |\n|---|---|---|---|---|")
    for name in sorted(counts):
        print("| %s | %d | %s |" % (name, sum(counts[name].values()), " | ".join(str(counts[name][c]) for c in CLASSES)))
    total = sum(counts.values(), collections.Counter())
    print("| all | %d | %s |" % (sum(total.values()), " | ".join(str(total[c]) for c in CLASSES)))
    return 1 if wrong else 0


sys.exit(main())
