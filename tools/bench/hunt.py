#!/usr/bin/env python3
"""Times `lapwing hunt --indicators` beside grep and ripgrep on a log of our own making.

    cargo build --release -p lapwing-cli -p lapwing-hunt --examples --bins
    tools/bench/hunt.py [--mb 1000] [--slice-mb 20] [--pipe-gb 0] [--counts 100,10000,1000000]

The log is half IIS, half Exchange HttpProxy (`crates/hunt/examples/generate`), with a plant in one line
of 100,000 and as many near misses. All rates are bytes by processor time (user and system) of the whole
process on one thread, its start and the loading of the indicators included; so other work on the machine
changes them little. `lapwing` loads the list that `lapwing compile` made, runs its campaign checks and
parses what it finds as well; grep and ripgrep only print lines that hold a value as a substring, and from
100,000 indicators on see a slice of the log, their reading of the list not counted. Near misses
count for them as lines found. Standard library only; a tool that is not installed is left out.
"""
import argparse, os, pathlib, resource, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
LAPWING, LOG = RELEASE / "lapwing", RELEASE / "examples" / "log"
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


def make(path, *arguments):
    with open(path, "wb") as out:
        subprocess.run([str(LOG), *map(str, arguments)], stdout=out, check=True)
    return path.stat().st_size


def hunt(matcher, target, jobs=1, stdin=None):
    command = [LAPWING, "--quiet", "--json", "hunt", "--jobs", jobs, "--max-findings-per-rule", 1000, "--indicators", matcher, target]
    cpu, clock, memory, lines = run(command, (0, 1, 3), stdin)
    return cpu, clock, memory, sum(b'"kind":"indicator"' in line for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--slice-mb", type=int, default=20)
    parser.add_argument("--pipe-gb", type=int, default=0, help="also pipe a stream of so many GB")
    parser.add_argument("--counts", default="100,10000,1000000")
    options = parser.parse_args()
    for needed in (LAPWING, LOG):
        if not needed.exists():
            sys.exit(f"no {needed.name}: cargo build --release -p lapwing-cli -p lapwing-hunt --examples --bins")
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        measure(options, folder)
    finally:
        shutil.rmtree(folder)


def measure(options, folder):
    log, piece = folder / "u_ex2103.log", folder / "piece.log"
    size = make(log, options.mb * 1_000_000, 7, EVERY)
    with open(log, "rb") as whole, open(piece, "wb") as part:
        whole.seek(size // 2)
        part.write(whole.read(options.slice_mb * 1_000_000))
    peers = [("grep -F -f", ["grep", "-F", "-f"])]
    if shutil.which("rg"):
        peers.append(("rg -F -f", ["rg", "--no-config", "-F", "-j1", "-f"]))
    rate = lambda size, seconds: f"{size / max(seconds, 0.01) / 1e9:.3g}"
    print("| indicators | compile a plain list, s | hunt, GB/s a core | two threads, clock | findings | peak, MB | " + " | ".join(f"{name}, GB/s a core | lines" for name, _ in peers) + " |")
    print("| --: | --: | --: | --: | --: | --: |" + " --: | --: |" * len(peers))
    last = None
    for count in map(int, options.counts.split(",")):
        indicators, matcher = folder / f"{count}.txt", folder / f"{count}.matcher"
        make(indicators, "indicators", count)
        built, _, _, _ = run([LAPWING, "--quiet", "compile", "--indicators", indicators, "-o", matcher])
        cpu, clock, memory, found = hunt(matcher, log)
        _, clock2, _, found2 = hunt(matcher, log, 2)
        assert found == found2, (found, found2)
        cells = []
        for _, command in peers:
            target, bytes_seen = (log, size) if count < 100_000 else (piece, piece.stat().st_size)
            if count > 1_000_000:
                cells.append("- | -")
                continue
            load, _, _, _ = run([*command, indicators, "/dev/null"], (0, 1)) if count >= 100_000 else (0, 0, 0, 0)
            took, _, _, lines = run([*command, indicators, target], (0, 1))
            cells.append(f"{rate(bytes_seen, took - load)} | {len(lines)}")
        print(f"| {count:,} | {built:.2f} | {rate(size, cpu)} | {clock / clock2:.2f}× | {found} | {memory:.0f} | " + " | ".join(cells) + " |", flush=True)
        last = matcher
    for name, pack, unpack in (("gzip", ["gzip", "-kf"], ["gzip", "-dc"]), ("zstd", ["zstd", "-qkf"], ["zstd", "-qdc"])):
        if shutil.which(pack[0]):
            run([*pack, log])
            packed = log.with_name(log.name + (".gz" if name == "gzip" else ".zst"))
            alone, _, _, _ = run(["sh", "-c", f"{' '.join(unpack)} {packed} > /dev/null"])
            cpu, _, memory, _ = hunt(matcher, packed)
            _, clock, _, _ = hunt(matcher, packed, 2)
            print(f"\n{name}: {rate(size, cpu)} GB/s a core, {rate(size, clock)} on the clock with two threads (`{' '.join(unpack)}` alone {rate(size, alone)}), peak {memory:.0f} MB")
            packed.unlink()
    if options.pipe_gb:
        stream = subprocess.Popen([str(LOG), str(options.pipe_gb * 10**9)], stdout=subprocess.PIPE)
        cpu, clock, memory, found = hunt(last, "/dev/stdin", 1, stream.stdout)
        stream.wait()
        print(f"\na pipe of {options.pipe_gb} GB: {rate(options.pipe_gb * 10**9, cpu)} GB/s a core, {found} findings, peak {memory:.0f} MB")


if __name__ == "__main__":
    main()
