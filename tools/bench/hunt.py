#!/usr/bin/env python3
"""Times `lapwing hunt --indicators` beside grep, ripgrep and automata on a log of our own making.

    cargo build --release -p lapwing-cli -p lapwing-hunt --examples --bins
    tools/bench/hunt.py [--mb 1000] [--counts 100,10000,1000000,10000000] [--stream-gb 20] [--built target/release]

The log is half IIS, half Exchange HttpProxy (`crates/hunt/examples/generate`), with a plant in one line
of 100,000 and as many near misses. All rates are bytes by processor time (user and system) of the whole
process, so other work on the machine changes them little; what a process takes for a log of one line
(its start, the loading of the indicators and checks) is measured first and taken off, for the peers as well. `lapwing` loads what
`lapwing compile` made, runs its campaign checks and parses what it finds; grep and ripgrep only print
lines that hold a value as a substring, near misses too, and from 100,000 indicators on see a slice of the
log. aho-corasick and daachorse run inside `examples/bench`, beside our matcher alone. Debian's grep, gzip
and zstd and ripgrep (Debian or crates.io) are used where they are installed. Standard library only.
"""
import argparse, os, pathlib, re, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVERY = 100_000


def run(command, accept=(0,), stdin=None):
    """Processor seconds, seconds on the clock, peak memory in MB, lines printed."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([str(c) for c in command], stdout=out, stderr=err, stdin=stdin, env={**os.environ, "LC_ALL": "C"})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in accept:
            err.seek(0)
            sys.exit(f"{command[0]} ended with {child.returncode}: {err.read()[-500:]}")
        out.seek(0)
        lines = [line for line in out.read().splitlines() if line]
    return usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024, lines


def median(runs, work):
    """The run of the median processor time."""
    return sorted((work() for _ in range(runs)), key=lambda result: result[0])[runs // 2]


def rate(size, seconds):
    return f"{size / max(seconds, 0.005) / 1e9:.3g}"


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.built = options, folder, pathlib.Path(options.built)
        self.lapwing, self.generator = self.built / "lapwing", self.built / "examples" / "log"
        self.tiny = folder / "tiny.log"
        self.make(self.tiny, 1, 7, EVERY)

    def make(self, path, *arguments):
        with open(path, "wb") as out:
            subprocess.run([str(self.generator), *map(str, arguments)], stdout=out, check=True)
        return path.stat().st_size

    def hunt(self, matcher, target, jobs=1, stdin=None):
        """Processor seconds, clock, peak memory, indicator findings shown."""
        command = [self.lapwing, "--quiet", "--json", "hunt", "--jobs", jobs, "--max-findings-per-rule", 1000, "--indicators", matcher, target]
        cpu, clock, memory, lines = run(command, (0, 1, 3), stdin)
        return cpu, clock, memory, sum(b'"kind":"indicator"' in line for line in lines)

    def timed(self, matcher, target, jobs=1):
        """The same, less what the process takes for one line."""
        start = median(3, lambda: self.hunt(matcher, self.tiny, jobs))
        cpu, clock, memory, found = median(self.options.runs, lambda: self.hunt(matcher, target, jobs))
        return cpu - start[0], max(clock - start[1], 0.001), memory, found

    def indicators(self, count):
        plain, matcher = self.folder / f"{count}.txt", self.folder / f"{count}.matcher"
        self.make(plain, "indicators", count)
        built, _, _, _ = run([self.lapwing, "--quiet", "compile", "--indicators", plain, "-o", matcher])
        return plain, matcher, built

    def counts(self, log, size):
        """A row for each number of indicators; gives the matcher of each."""
        piece = self.folder / "piece.log"
        with open(log, "rb") as whole, open(piece, "wb") as part:
            whole.seek(size // 2)
            part.write(whole.read(self.options.slice_mb * 1_000_000))
        peers = [("grep -F", ["grep", "-F", "-f"])]
        if shutil.which("rg"):
            peers.append(("ripgrep -F", ["rg", "--no-config", "-F", "-j1", "-f"]))
        print("| indicators | compile a plain list, s | hunt, GB/s a core | processor time on two threads | clock on two | findings | peak, MB | " + " | ".join(f"{name}, GB/s a core | lines" for name, _ in peers) + " |")
        print("| --: | --: | --: | --: | --: | --: | --: |" + " --: | --: |" * len(peers))
        matchers = {}
        for count in map(int, self.options.counts.split(",")):
            plain, matcher, built = self.indicators(count)
            cpu, clock, memory, found = self.timed(matcher, log)
            cpu2, clock2, _, found2 = self.timed(matcher, log, 2)
            if found != found2:
                sys.exit(f"one thread finds {found}, two find {found2}")
            cells = []
            for _, command in peers:
                target, seen = (log, size) if count < 100_000 else (piece, piece.stat().st_size)
                if count > 1_000_000:
                    cells.append("- | -")
                    continue
                load, _, _, _ = run([*command, plain, "/dev/null"], (0, 1))
                took, _, _, lines = run([*command, plain, target], (0, 1))
                cells.append(f"{rate(seen, took - load)} | {len(lines)}")
            print(f"| {count:,} | {built:.2f} | {rate(size, cpu)} | ×{cpu2 / max(cpu, 0.001):.2f} | ×{clock2 / clock:.2f} | {found} | {memory:.0f} | " + " | ".join(cells) + " |", flush=True)
            plain.unlink()
            matchers[count] = matcher
        piece.unlink()
        return matchers

    def automata(self):
        """Our matcher alone beside the automata of the registry, in one process."""
        counts = [count for count in self.options.counts.split(",")]
        _, _, _, lines = run([self.built / "examples" / "bench", min(self.options.mb, 200), *counts])
        print("\n| indicators | matcher, GB/s a core | share of counting line feeds | aho-corasick | daachorse |\n| --: | --: | --: | --: | --: |")
        row = None
        for line in [line.decode() for line in lines] + ["0 indicators:"]:
            if found := re.match(r"(\d+) indicators:", line):
                if row:
                    print("| " + " | ".join(row) + " |")
                row = [f"{int(found[1]):,}", "-", "-", "-", "-"]
            for at, name in ((1, "matcher"), (3, "aho-corasick"), (4, "daachorse")):
                if found := re.match(rf"  {name}[^:]*: ([\d.]+) GB/s", line):
                    row[at] = found[1]
            if found := re.search(r"([\d.]+ %) of counting", line):
                row[2] = found[1]
        sys.stdout.flush()

    def hits(self, matcher, size, plain_cpu):
        """What a hit in one line of 1,000 costs."""
        log = self.folder / "u_ex2104.log"
        more = self.make(log, self.options.mb * 1_000_000, 7, 1000)
        cpu, _, _, found = self.timed(matcher, log)
        print(f"\na hit in one line of 1,000: {rate(more, cpu)} GB/s a core, {100 * ((cpu / more) / (plain_cpu / size) - 1):.0f} % more time than with one of {EVERY:,}; {found} findings shown", flush=True)
        log.unlink()

    def packed(self, matcher, log, size):
        for name, pack, unpack in (("gzip", ["gzip", "-kf"], ["gzip", "-dc"]), ("zstd", ["zstd", "-qkf"], ["zstd", "-qdc"])):
            if not shutil.which(pack[0]):
                continue
            run([*pack, log])
            packed = log.with_name(log.name + (".gz" if name == "gzip" else ".zst"))
            alone, alone_clock, _, _ = median(3, lambda: run(["sh", "-c", f"{' '.join(unpack)} {packed} > /dev/null"]))
            cpu, _, memory, _ = self.timed(matcher, packed)
            _, clock, _, _ = self.timed(matcher, packed, 2)
            print(f"\n{name}: {rate(size, cpu)} GB/s a core; on the clock with two threads {rate(size, clock)}; `{' '.join(unpack)}` alone {rate(size, alone)} a core, {rate(size, alone_clock)} on the clock; peak {memory:.0f} MB", flush=True)
            packed.unlink()

    def stream(self, matcher, gigabytes):
        """A generated stream, never on disk: memory must not grow with it."""
        for size in sorted({1, gigabytes}):
            source = subprocess.Popen([str(self.generator), str(size * 10**9), "7", str(EVERY)], stdout=subprocess.PIPE)
            cpu, _, memory, found = self.hunt(matcher, "/dev/stdin", 2, source.stdout)
            source.stdout.close()
            if source.wait():
                sys.exit("the generator did not write all of the stream")
            print(f"\na stream of {size} GB: {rate(size * 10**9, cpu)} GB/s a core, {found} findings, peak {memory:.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=1000, help="size of the log")
    parser.add_argument("--slice-mb", type=int, default=20, help="what peers see of it from 100,000 indicators on")
    parser.add_argument("--stream-gb", type=int, default=0, help="also pipe a generated stream of so many GB, and one of 1 GB")
    parser.add_argument("--counts", default="100,10000,1000000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--built", default=pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release", help="folder of the built programs")
    options = parser.parse_args()
    for needed in ("lapwing", "examples/log", "examples/bench"):
        if not (pathlib.Path(options.built) / needed).exists():
            sys.exit(f"no {options.built}/{needed}: cargo build --release -p lapwing-cli -p lapwing-hunt --examples --bins")
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        bench = Bench(options, folder)
        log = folder / "u_ex2103.log"
        size = bench.make(log, options.mb * 1_000_000, 7, EVERY)
        matchers = bench.counts(log, size)
        bench.automata()
        matcher = matchers[min(matchers, key=lambda count: abs(count - 10_000))]
        bench.hits(matcher, size, bench.timed(matcher, log)[0])
        bench.packed(matcher, log, size)
        if options.stream_gb:
            bench.stream(matcher, options.stream_gb)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
