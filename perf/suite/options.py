"""The command line of `./dev perf`."""

import argparse
import pathlib

from . import catalogue

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = [each.name for each in catalogue.WORKLOADS]
PEERS = list(dict.fromkeys(runtime for each in catalogue.WORKLOADS for runtime in each.runtimes if runtime != "corun"))
ROUNDS = {"quick": 5, "": 5, "full": 7}
EXITS = """exit status: 0 everything ran; 1 something failed or did other work than corun; 2 a command line that makes no sense;
3 with --compare: something takes more than before, by more than the noise"""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")


def parser():
    made = Parser(prog="./dev perf", description="Measures corun beside what people use instead.", epilog=EXITS, allow_abbrev=False)
    made.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure; without: all of {', '.join(NAMES)}. "
                      + ", ".join(f"{alias} is {name}" for alias, name in catalogue.ALIASES.items()))
    made.add_argument("--peers", type=lambda text: text.split(","), default=[], metavar="A,B",
                      help=f"only these peers, of {', '.join(PEERS)}")
    made.add_argument("--rounds", type=int, help="how often each workload runs; 5, or 7 with --full. Fewer than 5 decide nothing")
    length = made.add_mutually_exclusive_group()
    length.add_argument("--quick", dest="mode", action="store_const", const="quick", default="",
                        help="less of everything: within 3 minutes")
    length.add_argument("--full", dest="mode", action="store_const", const="full",
                        help="millions of fibers too: within 40 minutes")
    made.add_argument("--compare", type=pathlib.Path, metavar="OLD.json",
                      help="say what differs from an older report by more than the noise")
    made.add_argument("--check", action="store_true",
                      help="only run each program once, with little work, and say which do not do it; no figures")
    made.add_argument("--check-counts", action="store_true", help="only count, and compare with perf/baseline.json")
    made.add_argument("--accept-counts", action="store_true", help="only count, and make that the baseline")
    made.add_argument("--write-docs", type=pathlib.Path, metavar="REPORT.json",
                      help="measure nothing; put the results of that report into docs/performance.md")
    made.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build/release", help="where the programs are")
    made.add_argument("--report", type=pathlib.Path, default=ROOT / "build/perf/report.json",
                      help="where the report goes; the page goes beside it, as .html")
    made.add_argument("--only-check-arguments", action="store_true", help=argparse.SUPPRESS)
    made.add_argument("--web-server", type=pathlib.Path, help="another server for url_fetch than the example")
    return made


def parse(words=None):
    made = parser()
    options = made.parse_args(words)
    options.names = list(dict.fromkeys(catalogue.ALIASES.get(name, name) for name in options.names))
    for asked, known, what in (options.names, NAMES, "NAME"), (options.peers, PEERS, "peer"):
        if unknown := [name for name in asked if name not in known]:
            made.error(f"there is no {what} {', '.join(map(repr, unknown))}; there is: {', '.join(known)}")
    if options.check:
        if options.mode or options.rounds or options.compare:
            made.error("--check runs each program once, and takes no --quick, --full, --rounds or --compare")
        options.mode, options.rounds = "quick", 1
    options.rounds = ROUNDS[options.mode] if options.rounds is None else options.rounds
    if not 1 <= options.rounds <= 1000:
        made.error("--rounds must be 1 to 1000")
    for option in "compare", "write_docs":
        if (path := getattr(options, option)) and not path.is_file():
            made.error(f"--{option.replace('_', '-')}: there is no file {path}")
    if options.write_docs and (options.names or options.peers or options.mode or options.compare or options.check
                               or options.check_counts or options.accept_counts):
        made.error("--write-docs only writes what an earlier run measured, and goes with no other argument")
    if options.report.suffix == ".html":
        made.error("--report names the JSON; the page goes beside it")
    if (options.check_counts or options.accept_counts) and options.compare:
        made.error("--compare is of reports; counts are compared with the baseline")
    if (options.check_counts or options.accept_counts) and options.names:
        made.error("the baseline holds all counts, so it takes no NAME")
    options.counts_only = options.check_counts or options.accept_counts
    options.names = options.names or NAMES
    options.build_dir = options.build_dir.resolve()
    return options
