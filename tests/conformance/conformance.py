"""The conformance kit for connectors: every fault of the world, and afterwards the same tables as without it. See
README.md beside it.

    conformance.py [--adapter FILE] [--dunlin PATH] [--store sqlite|postgresql] [--case NAME]…
"""
import argparse
import importlib.util
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    out.add_argument("--adapter", default=str(HERE / "reference_adapter.py"), help="a file with a class Adapter")
    out.add_argument("--dunlin", default=os.environ.get("DUNLIN"), help="the program; DUNLIN unless given")
    out.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    out.add_argument("--case", action="append", default=[], help="only these; all unless given")
    out.add_argument("--list", action="store_true", help="say what there is")
    return out.parse_args()


def load(file):
    spec = importlib.util.spec_from_file_location("connector_adapter", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Adapter()


def main():
    options = arguments()
    if options.dunlin:
        os.environ["DUNLIN"] = str(pathlib.Path(options.dunlin).resolve())
    sys.path.insert(0, str(HERE))
    import cases_read
    import cases_write
    from story import Story
    cases = {case.__name__: case for case in cases_read.CASES + cases_write.CASES}
    if options.list:
        for name, case in cases.items():
            print(f"{name:16} {case.__doc__}")
        return
    unknown = [name for name in options.case if name not in cases]
    if unknown:
        sys.exit(f"no case {unknown[0]}; there are {', '.join(cases)}")
    story = Story(load(options.adapter), options.store)
    story.grow(3)
    story.sync()
    for name in options.case or cases:
        began = time.monotonic()
        try:
            cases[name](story)
            result = f"ok {time.monotonic() - began:6.1f} s"
        except cases_read.NotTried as why:
            result = f"not tried: {why}"
        print(f"{options.store:10} {name:16} {result}", flush=True)


if __name__ == "__main__":
    main()
