#!/usr/bin/env python3
"""The conformance kit for connectors: every fault of the world, and afterwards the same tables as without it. See
README.md beside it.

    conformance.py [--adapter FILE] [--dunlin PATH] [--store sqlite|postgresql] [--part read|write|token] [--case NAME]…
"""
import argparse
import importlib.util
import os
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    out.add_argument("--adapter", default=str(HERE / "reference_adapter.py"), help="a file with a class Adapter")
    out.add_argument("--dunlin", default=os.environ.get("DUNLIN"), help="the program; DUNLIN unless given")
    out.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    out.add_argument("--part", choices=("read", "write", "token"), help="only faults of this kind")
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
    import cases_token
    import cases_write
    from story import Story
    parts = {"read": cases_read.CASES, "write": cases_write.CASES, "token": cases_token.CASES}
    cases = {case.__name__: case for part, some in parts.items() if options.part in (None, part) for case in some}
    if options.list:
        for name, case in cases.items():
            print(f"{name:16} {case.__doc__}")
        return
    unknown = [name for name in options.case if name not in cases]
    if unknown:
        sys.exit(f"no case {unknown[0]}; there are {', '.join(cases)}")
    adapter = load(options.adapter)
    stories, failed = {}, 0

    def story_of(case):
        """The instances of its part; those for tokens sign in with them."""
        signs_in = case in cases_token.CASES
        way_in = adapter.signing_in() if signs_in else adapter
        if signs_in not in stories and way_in is not None:
            stories[signs_in] = Story(way_in, options.store)
            stories[signs_in].grow(3)
            stories[signs_in].sync()
        return stories.get(signs_in)

    for name in options.case or cases:
        story = story_of(cases[name])
        began = time.monotonic()
        try:
            if story is None:
                raise cases_read.NotTried("the adapter has no signing_in()")
            cases[name](story)
            result = f"ok {time.monotonic() - began:6.1f} s"
        except cases_read.NotTried as why:
            result = f"not tried: {why}"
        except Exception:  # A case that fails leaves the two instances as they are: the next one has fresh ones.
            failed += 1
            result = "FAILED\n" + traceback.format_exc()
            story.proxy.disarm()
            story.begin_anew()
            story.stormy.run("sync", "erp", check=False)
        print(f"{options.store:10} {name:16} {result}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
