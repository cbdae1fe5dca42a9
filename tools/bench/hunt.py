#!/usr/bin/env python3
"""Times `lapwing hunt --indicators` beside grep and ripgrep on a log of our own making.

    cargo build --release -p lapwing-cli
    tools/bench/hunt.py [--mb 200] [--slice-mb 20]

The log is IIS lines with eight planted addresses. A run includes reading and compiling the indicators. The indicators are
addresses, hosts and hashes; those planted are among them. `lapwing` runs its campaign checks and
parses what it finds as well; grep and ripgrep only print lines that hold a value as a substring. From
100,000 indicators on they see a slice of the log, and their rate is given for that slice.
Standard library only; ripgrep is left out where it is not installed.
"""
import argparse, hashlib, os, pathlib, random, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAPWING = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "lapwing"
PLANTED = [f"203.0.113.{n}" for n in range(10, 18)]


def write_log(path, megabytes, rng):
    agents = ["Mozilla/5.0+(Windows+NT+10.0)", "Outlook/16.0", "curl/7.68.0"]
    size, line, plants = megabytes << 20, 0, list(PLANTED)
    with open(path, "w") as out:
        out.write("#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status time-taken\n")
        while out.tell() < size:
            block = []
            for _ in range(5000):
                line += 1
                client = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
                block.append(f"2021-03-{1 + line % 28:02} {line % 24:02}:{line % 60:02}:{line % 59:02} 192.0.2.25 GET /owa/{rng.randrange(10**6)}/service.svc a=b{rng.randrange(10**9)} 443 - {client} {agents[line % 3]} 200 {line % 900}\n")
            if plants:
                block[17] = block[17].replace(block[17].split()[8], plants.pop())
            out.write("".join(block))


def write_indicators(path, count, rng):
    with open(path, "w") as out:
        for value in PLANTED:
            out.write(value + "\n")
        for n in range(count - len(PLANTED)):
            if n % 3 == 0:
                out.write(f"{rng.randrange(11, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}\n")
            elif n % 3 == 1:
                out.write("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=12)) + ".net\n")
            else:
                out.write(hashlib.md5(str(n).encode()).hexdigest() + "\n")


def timed(command, accept):
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env={**os.environ, "LC_ALL": "C"})
    seconds = time.monotonic() - started
    if done.returncode not in accept:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return seconds, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--slice-mb", type=int, default=10)
    options = parser.parse_args()
    if not LAPWING.exists():
        sys.exit("no release build: cargo build --release -p lapwing-cli")
    folder = pathlib.Path(tempfile.mkdtemp())
    rng = random.Random(20210302)
    log, piece = folder / "u_ex210301.log", folder / "piece.log"
    write_log(log, options.mb, rng)
    with open(log, "rb") as whole, open(piece, "wb") as part:
        part.write(whole.read(options.slice_mb << 20))
    peers = [("grep -F -f", ["grep", "-F", "-f"])]
    if shutil.which("rg"):
        peers.append(("rg -F -f", ["rg", "--no-config", "-F", "-f"]))
    print("| indicators | lapwing hunt, MB/s | found of 8 | " + " | ".join(f"{name}, MB/s (ratio)" for name, _ in peers) + " |")
    print("| --: | --: | --: |" + " --: |" * len(peers))
    for count in (100, 10_000, 1_000_000):
        indicators = folder / f"{count}.txt"
        write_indicators(indicators, count, rng)
        seconds, out = timed([LAPWING, "--quiet", "--json", "hunt", "--jobs", "1", "--indicators", indicators, log], (0, 1, 3))
        found = sum(1 for value in PLANTED if f'"matched":"{value}"' in out)
        ours = options.mb / seconds
        cells = []
        for _, command in peers:
            target, size = (log, options.mb) if count < 100_000 else (piece, options.slice_mb)
            took, _ = timed([*command, indicators, target], (0, 1))
            cells.append(f"{size / took:.1f} ({ours / (size / took):.1f}×)")
        print(f"| {count:,} | {ours:.0f} | {found} | " + " | ".join(cells) + " |", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
