"""Runs one peer over texts: a JSON object a line in, a JSON object a line out.

    python driver.py NAME
    in:  {"text": "..."}
    out: {"found": [[type, value], ...], "seconds": processor time of the call}

Types are called as the peer calls them; `types.rs` maps them. Each peer is used as its own
documentation shows, with the options that keep it from giving the host of a URL or of a
mail address as one more find, since the golds do not list those.
"""

import json
import sys
import time


def iocsearcher():
    from iocsearcher.searcher import Searcher

    searcher = Searcher()

    def find(text):
        finds = list(searcher.search_raw(text))
        longer = [(start, start + len(raw)) for name, _, start, raw in finds if name in ("url", "email")]

        def inside(start, end):
            return any(a <= start and end <= b for a, b in longer)

        return [
            (name, value)
            for name, value, start, raw in finds
            if name in ("url", "email") or not inside(start, start + len(raw))
        ]

    return find


def ioc_finder():
    from ioc_finder import find_iocs

    def find(text):
        finds = find_iocs(
            text,
            parse_domain_from_url=False,
            parse_from_url_path=False,
            parse_domain_from_email_address=False,
            parse_address_from_cidr=False,
            parse_domain_name_from_xmpp_address=False,
            parse_urls_without_scheme=False,
        )
        return [(name, value) for name, values in finds.items() if isinstance(values, list) for value in values]

    return find


def iocextract():
    import iocextract as peer

    def find(text):
        calls = {
            "urls": lambda: peer.extract_urls(text, refang=True),
            "ipv4s": lambda: peer.extract_ipv4s(text, refang=True),
            "ipv6s": lambda: peer.extract_ipv6s(text),
            "emails": lambda: peer.extract_emails(text, refang=True),
            "md5_hashes": lambda: peer.extract_md5_hashes(text),
            "sha1_hashes": lambda: peer.extract_sha1_hashes(text),
            "sha256_hashes": lambda: peer.extract_sha256_hashes(text),
            "sha512_hashes": lambda: peer.extract_sha512_hashes(text),
        }
        return [(name, value) for name, call in calls.items() for value in call()]

    return find


def main():
    peers = {"iocsearcher": iocsearcher, "ioc-finder": ioc_finder, "iocextract": iocextract}
    # What a peer prints must not get between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    find = peers[sys.argv[1]]()
    # One call before the clock starts: what a peer compiles or loads on first use is not counted.
    find("192.0.2.1")
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        text = json.loads(line)["text"]
        start = time.process_time()
        try:
            answer = {"found": sorted(set(find(text)))}
        except Exception as error:  # a peer's fault is an answer, not the end of the run
            answer = {"found": [], "failed": repr(error)}
        answer["seconds"] = time.process_time() - start
        print(json.dumps(answer), file=answers, flush=True)


main()
