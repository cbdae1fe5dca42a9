#!/usr/bin/env python3
"""Times extraction beside iocsearcher, ioc-finder and iocextract on the same files, in one run.

    cargo build --release -p lapwing-cli
    tools/bench/extract.py FOLDER ... [--slice-kb 200] [--seconds 60] [--add] [--built FOLDER]

Each folder's readable files (`*.tsv` left out) are one input. Lapwing's rates are those of
`cargo run --release -p lapwing-extract --example speed`, which this script starts: values alone and
everything, on one thread, by processor time. The peers come from PyPI into `.venv/`, which the script makes; each
runs in a process of its own, by processor time, without its start. They see the first `--slice-kb`
of an input, cut at a line, and are ended after `--seconds`; iocextract, whose time grows faster
than its input, sees a tenth of that. With `--add`, `lapwing add` reads each folder into a store that is
thrown away. `--built` names a folder that holds `lapwing` and `examples/speed` already, such as `target/debug`
after a build with `--config profile.dev.opt-level=3`. Prints tables in Markdown.
"""
import argparse, os, pathlib, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
VENV = ROOT / ".venv"
PACKAGES = ["iocsearcher==3.1.0", "ioc-finder==9.4.1", "iocextract==1.16.1"]
PEERS = {
    "iocsearcher": "from iocsearcher.searcher import Searcher\ns = Searcher()\nwork = lambda t: s.search_data(t)\n",
    "ioc-finder": "from ioc_finder import find_iocs\nwork = find_iocs\n",
    "iocextract": "import iocextract as i\n"
    "work = lambda t: [list(f(t)) for f in (i.extract_urls, i.extract_ips, i.extract_hashes, i.extract_emails)]\n",
}
CLOCK = """
import resource, sys
text = open(sys.argv[1], encoding="utf-8", errors="replace").read()
def now():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime
work("warm 192.0.2.1 and https://example.com/")
start = now()
work(text)
print(now() - start)
"""


def python():
    """The interpreter of the peers, installed on the first run."""
    interpreter = VENV / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    have = subprocess.run([interpreter, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True)
    if not all(package in have.stdout.lower().replace("_", "-") for package in PACKAGES):
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return interpreter


def files(folder):
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix != ".tsv")


def cut(folder, size, path):
    """The first `size` bytes of a folder's files, up to the end of a line."""
    text = b""
    for file in files(folder):
        text += file.read_bytes() + b"\n"
        if len(text) > size:
            break
    text = text[:size]
    path.write_bytes(text[: text.rfind(b"\n") + 1])
    return path.stat().st_size


def peer(interpreter, name, path, seconds):
    """Megabytes a second, or why there is no number."""
    try:
        done = subprocess.run([interpreter, "-c", PEERS[name] + CLOCK, path], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"over {seconds} s"
    if done.returncode:
        return "failed: " + done.stderr.strip().rsplit("\n", 1)[-1][:60]
    return f"{path.stat().st_size / 1e6 / max(float(done.stdout), 1e-6):.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--slice-kb", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--add", action="store_true")
    parser.add_argument("--built", type=pathlib.Path)
    options = parser.parse_args()
    interpreter = python()
    print("| input | " + " | ".join(f"{name}, MB/s (of {{}} kB)" for name in PEERS).format(
        options.slice_kb, options.slice_kb, options.slice_kb // 10) + " |")
    print("| --- |" + " --: |" * len(PEERS))
    with tempfile.TemporaryDirectory() as folder:
        for given in options.folders:
            cells = []
            for name in PEERS:
                size = options.slice_kb * (100 if name == "iocextract" else 1000)
                path = pathlib.Path(folder) / f"{name}.txt"
                cut(given, size, path)
                cells.append(peer(interpreter, name, path, options.seconds))
            print(f"| {given.name} | " + " | ".join(cells) + " |", flush=True)
    print(flush=True)
    command = ["cargo", "run", "--release", "--locked", "--quiet", "-p", "lapwing-extract", "--example", "speed", "--"]
    if options.built:
        command = [options.built / "examples" / "speed"]
    subprocess.run([*command, "--markdown", *(p.resolve() for p in options.folders)], check=True, cwd=ROOT)
    if not options.add:
        return
    lapwing = (options.built or TARGET / "release").resolve() / "lapwing"
    if not lapwing.exists():
        sys.exit(f"no {lapwing}: cargo build --release -p lapwing-cli")
    print("\n| `lapwing add` | documents | seconds | documents a second |\n| --- | --: | --: | --: |")
    for given in options.folders:
        documents = [p for p in files(given) if not p.name.endswith(".gold.tsv")]
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            done = subprocess.run([lapwing, "--quiet", "--store", pathlib.Path(folder) / "store", "add", *documents],
                                  check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            took = time.monotonic() - started
            if done.returncode not in (0, 1):
                sys.exit(f"lapwing add ended with {done.returncode}: {done.stderr.strip()[-200:]}")
        print(f"| {given.name} | {len(documents):,} | {took:.1f} | {len(documents) / took:.0f} |", flush=True)


if __name__ == "__main__":
    main()
