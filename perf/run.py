#!/usr/bin/env python3
"""Runs the performance suite and prints what it measured; `./dev perf` builds first and then calls this."""

import argparse
import pathlib
import signal
import sys

from suite import catalogue, children, costs, goals, report, tables, workloads

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = [each.name for each in (*catalogue.WORKLOADS, *catalogue.COSTS)]
PEERS = list(dict.fromkeys(runtime for each in catalogue.WORKLOADS for runtime in each.runtimes if runtime != "corun"))


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")


def parse():
    parser = Parser(prog="./dev perf", description="Measures corun beside what people use instead.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure; without: all of {', '.join(NAMES)}")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=[], metavar="A,B",
                        help=f"only these peers, of {', '.join(PEERS)}")
    parser.add_argument("--rounds", type=int, help="how often each workload runs; 3, or 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and repetitions")
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build/release", help="where the programs are")
    parser.add_argument("--report", type=pathlib.Path, default=ROOT / "build/perf/report.json", help="where the report goes")
    parser.add_argument("--web-server", type=pathlib.Path, help="another server for url_fetch than the example")
    options = parser.parse_args()
    for asked, known, what in (options.names, NAMES, "NAME"), (options.peers, PEERS, "peer"):
        if unknown := [name for name in asked if name not in known]:
            parser.error(f"there is no {what} {', '.join(unknown)}; there is: {', '.join(known)}")
    options.rounds = options.rounds if options.rounds is not None else 1 if options.quick else 3
    if not 1 <= options.rounds <= 1000:
        parser.error("--rounds must be 1 to 1000")
    options.repetitions = 3 if options.quick else max(5, options.rounds)
    options.names = options.names or NAMES
    options.build_dir = options.build_dir.resolve()
    return options


def say(line):
    """Progress: one line that overwrites itself on a terminal, nothing elsewhere."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()


def show(lines):
    say("")
    print(*lines, "", sep="\n", flush=True)


def measure(options):
    """The results of workloads and costs, shown as they come, and what could not be measured at all."""
    measured, in_process, broken = [], [], {}
    server = options.web_server or options.build_dir / "docs/examples/web_server"
    runner = workloads.Runner(options.build_dir, server, options.rounds, options.peers, say)
    for each in (*catalogue.WORKLOADS, *catalogue.COSTS):
        if each.name not in options.names:
            continue
        try:
            if isinstance(each, catalogue.Workload):
                for result in runner.run(each):
                    measured.append(result)
                    show(tables.workload(result))
            else:
                results = costs.run(options.build_dir, each, options.repetitions, options.peers, say)
                in_process += results
                show(tables.cost(each.name, results))
        except children.Failed as failure:
            broken[each.name] = str(failure)
            show([f"{each.name} not measured: {failure}"])
    return measured, in_process, broken


def stop(*_):
    raise KeyboardInterrupt


def main():
    options = parse()
    signal.signal(signal.SIGTERM, stop)  # ends the children and removes folders on the way out, as ctrl-C does
    measured, in_process, broken = measure(options)
    evaluated = goals.evaluate(measured, in_process, options.names)
    if evaluated:
        show(tables.goals(evaluated))
    report.write(options.report, {key: getattr(options, key) for key in ("rounds", "repetitions", "peers")},
                 measured, in_process, evaluated, broken)
    print(f"report: {options.report}")
    failed = any(result["failed"] for result in measured + in_process)
    return 1 if broken or failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("")
        sys.exit("perf: interrupted")
