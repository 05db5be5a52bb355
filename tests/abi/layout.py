#!/usr/bin/env python3
"""Holds the layout of every struct of the contract against a golden file.

    layout.py [--include DIR] [--golden FILE] [--cc CC]            check
    layout.py [--include DIR] [--golden FILE] [--cc CC] --update   write what the headers say now
    layout.py --self-test                                          see that changes are noticed

A golden line is `struct member offset size declaration`; the member `.` stands for the struct as a
whole. The check compiles one static assertion for each line and compares the declarations, so that
a changed signature of the same size is noticed as well. Drafts may still change and are left out.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "sdk" / "include"
GOLDEN = HERE / "layout-1.0.golden"


def structs_in(include):
    """[(C type, [(member, declaration)])] of all headers, in order."""
    found = []
    for header in sorted((include / "dunlin" / "abi").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"), flags=re.S)
        for name, body in re.findall(r"struct\s+(\w+)\s*\{(.*?)\}", text, flags=re.S):
            members = []
            for part in body.split(";"):
                declaration = " ".join(part.split())
                if not declaration:
                    continue
                called = re.search(r"\(\s*(?:DUNLIN_CALL\s*)?\*\s*(\w+)\s*\)\s*\(", declaration)
                plain = re.search(r"(\w+)(?:\s*\[\w*\])*$", declaration)
                members.append(((called or plain).group(1), declaration))
            found.append(("struct " + name, members))
    return found


def compile_c(cc, include, source, output=None):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "layout.c"
        file.write_text(source, encoding="utf-8")
        how = ["-o", str(output)] if output else ["-fsyntax-only"]
        command = [*cc.split(), "-std=c11", "-I", str(include), *how, str(file)]
        return subprocess.run(command, capture_output=True, text=True)


def lines_now(cc, include):
    """The golden lines as the headers have them."""
    structs = structs_in(include)
    body = []
    for struct, members in structs:
        body.append(f'printf("%zu\\n", sizeof({struct}));')
        for member, _ in members:
            body.append(
                f'printf("%zu %zu\\n", offsetof({struct}, {member}), sizeof((({struct} *)0)->{member}));'
            )
    source = "#include <stdio.h>\n#include <dunlin/abi/dunlin.h>\nint main(void) {\n"
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "layout"
        result = compile_c(cc, include, source + "\n".join(body) + "\nreturn 0;\n}\n", program)
        if result.returncode != 0:
            sys.exit(result.stderr)
        numbers = iter(subprocess.check_output([str(program)], text=True).splitlines())
    lines = []
    for struct, members in structs:
        name = struct.split()[1]
        lines.append(f"{name} . 0 {next(numbers)}")
        lines += [f"{name} {member} {next(numbers)} {text}" for member, text in members]
    return lines


def static_asserts(golden):
    out = ["#include <dunlin/abi/dunlin.h>"]
    for line in golden:
        struct, member, offset, size = line.split(" ", 4)[:4]
        kind = f"struct {struct}"
        if member == ".":
            out.append(f'_Static_assert(sizeof({kind}) == {size}, "{struct} has another size");')
            continue
        where = f'"{struct}.{member} has moved or changed its size"'
        out.append(
            f"_Static_assert(offsetof({kind}, {member}) == {offset} && "
            f"sizeof((({kind} *)0)->{member}) == {size}, {where});"
        )
    return "\n".join(out) + "\n"


def check(cc, include, golden_file):
    """What differs from the golden file, as text for a person; empty when nothing does."""
    golden = golden_file.read_text(encoding="utf-8").splitlines()
    result = compile_c(cc, include, static_asserts(golden))
    problems = re.findall(r"error: (.*)", result.stderr) if result.returncode else []
    if result.returncode and not problems:
        problems = [result.stderr]
    declared = {
        f"{struct.split()[1]}.{member}": text
        for struct, members in structs_in(include)
        for member, text in members
    }
    known = {}
    for line in golden:
        struct, member, _, _, *text = line.split(" ", 4)
        if member != ".":
            known[f"{struct}.{member}"] = text[0]
    for name, text in known.items():
        if name in declared and declared[name] != text:
            problems.append(f"{name} is declared otherwise: was `{text}`, is `{declared[name]}`")
    problems += [f"{name} is new: run layout.py --update" for name in declared if name not in known]
    problems += [f"{name} is gone" for name in known if name not in declared]
    return "\n".join(problems)


def self_test(cc):
    """Breaks a copy of the headers in each way that must be noticed."""
    swap = (r"(    dunlin_str topic;\n)(    dunlin_str key;\n)", r"\2\1")
    mutations = [
        ("two members swapped", "events.h", *swap),
        ("a removed member", "jobs.h", r"    int64_t now_us;[^\n]*\n", ""),
        ("a member in the middle", "sink.h", r"(    int64_t updated;)", r"    int64_t moved;\n\1"),
        ("a member at the end", "sink.h", r"(    int64_t rejected;)", r"\1\n    int64_t late;"),
        ("a wider type", "commands.h", r"int32_t today;", "int64_t today;"),
        ("a changed signature", "log.h", r"int32_t level", "int64_t level"),
        ("two functions swapped", "db.h", r"\*begin\)(.*?)\*commit\)", r"*commit)\1*begin)"),
    ]
    failed = False
    for what, header, pattern, replacement in mutations:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "include"
            shutil.copytree(INCLUDE, copy)
            file = copy / "dunlin" / "abi" / header
            text = file.read_text(encoding="utf-8")
            broken = re.sub(pattern, replacement, text, count=1, flags=re.S)
            noticed = broken != text
            file.write_text(broken, encoding="utf-8")
            problems = check(cc, copy, GOLDEN) if noticed else ""
        first = problems.splitlines()[0] if problems else "NOT NOTICED"
        print(f"{what} ({header}): {first}")
        failed |= not problems
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--include", type=pathlib.Path, default=INCLUDE)
    parser.add_argument("--golden", type=pathlib.Path, default=GOLDEN)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test(options.cc)
    if options.update:
        lines = lines_now(options.cc, options.include)
        options.golden.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return 0
    problems = check(options.cc, options.include, options.golden)
    if problems:
        print(f"The layout differs from {options.golden.name}:\n{problems}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
