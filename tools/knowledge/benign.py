"""Known-benign lists as sorted tables that are searched where they lie."""

import ipaddress
import json
import struct

LISTS = "pymispwarninglists/data/misp-warninglists/lists/"
SCANNERS = "-scanning -scanner"

# name, meaning, shared, names under a listed domain count too, weight (0 says what a thing is; 1 only
# that many visit it; 2 what is published there, which yields to a service that many share),
# warninglists it is made of. The order is the order of precedence among lists of one value.
CATALOGUE = [
    ("documentation", "reserved for documentation: stands for any host in examples", 1, 1, 0, []),
    ("local-names", "a name that is only valid inside a network", 0, 1, 0, []),
    ("special-networks", "reserved by IANA: not an address on the internet", 0, 1, 0, []),
    ("resolvers", "a well-known public DNS resolver", 0, 1, 0, []),
    ("file-sharing", "a file-sharing, code, paste or messaging service: anyone can put things there", 1, 1, 0, []),
    ("cloud-hosting", "a cloud, CDN or hosting service: names and addresses belong to its customers", 1, 1, 0,
     ["lots-project", "public-ipfs-gateways", "ovh-cluster", "amazon-aws", "google-gcp", "akamai",
      "cloudflare", "fastly", "stackpath", "github"]),
    ("cloud-microsoft", "Microsoft Azure: addresses belong to its customers", 1, 1, 0,
     ["microsoft-azure", "microsoft-azure-china", "microsoft-azure-germany", "microsoft-azure-us-gov"]),
    ("social-media", "a social network: anyone can put things there", 1, 1, 0, ["link-in-bio"]),
    ("url-shorteners", "a URL shortener: leads anywhere", 1, 1, 0, ["url-shortener"]),
    ("dynamic-dns", "a dynamic DNS service: anyone can take a name under it", 1, 1, 0, ["dynamic-dns"]),
    ("disposable-mail", "a disposable mail service", 1, 1, 0, ["disposable-email"]),
    ("parking", "a domain-parking service", 1, 1, 0, ["parking-domain", "parking-domain-ns"]),
    ("vpn-and-hosting", "a VPN provider or data centre: addresses belong to its customers", 1, 1, 0,
     ["vpn-ipv4", "vpn-ipv6"]),
    ("mail-servers", "sends or receives mail for many tenants", 1, 1, 0,
     ["smtp-sending-ips", "smtp-receiving-ips", "google-gmail-sending-ips"]),
    ("what-is-my-address", "tells callers their own address: used by software and by malware", 1, 1, 0,
     ["whats-my-ip", "findip-host"]),
    ("security-gateways", "the cloud of a security gateway: traffic of its customers", 1, 1, 0, ["zscaler"]),
    ("reference-sites", "a site that reports cite as a reference", 0, 1, 0, []),
    ("security-vendors", "the site of a security vendor", 0, 1, 0,
     ["automated-malware-analysis"]),
    ("news-sites", "a news site", 0, 1, 0, []),
    ("security-publications", "a site that publishes on security", 0, 1, 2, ["security-provider-blogpost"]),
    ("software-vendors", "the site of a software vendor", 0, 1, 0, []),
    ("microsoft", "an address or domain of Microsoft", 0, 1, 0,
     ["microsoft", "microsoft-office365", "microsoft-office365-ip", "microsoft-office365-cn",
      "microsoft-win10-connection-endpoints"]),
    ("google", "an address or domain of Google", 0, 1, 0, ["google", "googlebot"]),
    ("apple", "an address of Apple", 0, 1, 0, ["apple"]),
    ("wikimedia", "an address of Wikimedia", 0, 1, 0, ["wikimedia"]),
    ("openai", "an address of a web crawler", 0, 1, 0, ["openai-gptbot"]),
    ("sinkholes", "a sinkhole: run by defenders in place of the adversary", 0, 1, 0, ["sinkholes"]),
    ("research-scanners", "scans the internet for research, often from rented addresses", 1, 1, 0, SCANNERS),
    ("block-pages", "the page that a DNS filter shows", 0, 1, 0,
     ["umbrella-blockpage-hostname", "umbrella-blockpage-v4", "umbrella-blockpage-v6"]),
    ("captive-portals", "a check for captive portals", 0, 0, 1, ["captive-portals"]),
    ("open-resolvers", "an open DNS resolver", 1, 1, 0, ["public-dns-v4", "public-dns-v6"]),
    ("banks", "the site of a bank", 0, 1, 0, ["bank-website"]),
    ("universities", "the site of a university", 0, 0, 0, ["university_domains"]),
    ("top-sites", "one of the most visited sites", 0, 1, 1, ["tranco10k", "majestic_million", "alexa", "moz-top500"]),
    ("top-hosts", "one of the most resolved host names", 0, 0, 1, ["cisco_top20k"]),
    ("system-files", "the name of a file that comes with Windows, Office or Exchange: malware may bear it, too", 1, 0, 0, []),
    ("empty-files", "an empty file", 0, 0, 0, ["empty-hashes"]),
    ("test-files", "the EICAR test file", 0, 0, 0, ["eicar.com"]),
    ("common-files", "a harmless file that often stands in indicator lists", 0, 0, 0,
     ["common-ioc-false-positive", "ti-falsepositives"]),
    ("certificate-authorities", "a certificate of a trusted authority", 0, 0, 0, ["mozilla-CA"]),
]
HASH_BYTES = {32: 16, 40: 20, 64: 32, 128: 64}


class Benign:
    """All lists, sorted into one table a kind of value."""

    def __init__(self, warninglists, own):
        self._package, self.own = warninglists, own
        self.domains, self.v4, self.v6 = {}, set(), set()
        self.hashes = {size: set() for size in HASH_BYTES.values()}
        self.counts = [0] * len(CATALOGUE)
        self._position = {row[0]: i for i, row in enumerate(CATALOGUE)}
        self.newest = ""
        self.files = sorted({name for (name,) in own("file_names.tsv")})
        self.counts[self._position["system-files"]] = len(self.files)
        self._own()
        for position, row in enumerate(CATALOGUE):
            sources = self._scanners() if row[5] == SCANNERS else row[5]
            for source in sources:
                self._warninglist(position, source)

    def _scanners(self):
        names = sorted({p.split("/")[-2] for p in self._package.paths() if p.endswith("/list.json")})
        return [n for n in names if n.endswith(("-scanning", "-scanner")) or n in ("shadowserver", "tenable-cloud-ipv4", "tenable-cloud-ipv6")]

    def _own(self):
        for name, _, domains in self.own("domains.tsv"):
            for domain in domains.split(";"):
                self._domain(self._position[name], domain)
        for network, stands_for_any, _ in self.own("special_networks.tsv"):
            name = "documentation" if stands_for_any == "1" else "special-networks"
            self._network(self._position[name], network)
        for (address,) in self.own("resolvers.tsv"):
            self._network(self._position["resolvers"], address)

    def _warninglist(self, position, source):
        data = json.loads(self._package.read(f"{LISTS}{source}/list.json"))
        self.newest = max(self.newest, str(data["version"]) if str(data["version"]).startswith("20") else "")
        for value in data["list"]:
            value = value.strip().lower()
            if data["type"] == "cidr" or self._is_network(value):
                self._network(position, value)
            elif len(value) in HASH_BYTES and all(c in "0123456789abcdef" for c in value):
                self.hashes[HASH_BYTES[len(value)]].add((bytes.fromhex(value), position))
                self.counts[position] += 1
            elif "." in value and "/" not in value and ":" not in value:
                self._domain(position, value)

    @staticmethod
    def _is_network(value):
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            return False
        return True

    def _domain(self, position, domain):
        domain = domain.strip().strip(".").removeprefix("*.").lower()
        if not domain or not domain.isascii() or any(c.isspace() for c in domain):
            return
        lists = self.domains.setdefault(domain, set())
        if position not in lists:
            lists.add(position)
            self.counts[position] += 1

    def _network(self, position, text):
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return
        # A list of somebody's addresses says nothing about private ones.
        if self._position["resolvers"] < position and (network.is_private or network.is_multicast or network.prefixlen == 0):
            return
        table = self.v4 if network.version == 4 else self.v6
        entry = (int(network.network_address), network.prefixlen, position)
        if entry not in table:
            table.add(entry)
            self.counts[position] += 1

    def tables(self):
        lists = "".join(f"{n}\t{why}\t{shared}\t{under}\t{weight}\n"
                        for n, why, shared, under, weight, _ in CATALOGUE)
        yield "benign_lists.tsv", lists.encode()
        yield "benign_domains.tsv", "".join(
            f"{d}\t{';'.join(map(str, sorted(l)))}\n" for d, l in sorted(self.domains.items())).encode()
        place = self._position["system-files"]
        yield "benign_files.tsv", "".join(f"{name}\t{place}\n" for name in self.files).encode()
        yield "benign_v4.bin", b"".join(struct.pack(">IBB", *e) for e in sorted(self.v4))
        yield "benign_v6.bin", b"".join(a.to_bytes(16, "big") + bytes([p, l]) for a, p, l in sorted(self.v6))
        for size, entries in self.hashes.items():
            yield f"benign_hash{size}.bin", b"".join(h + bytes([l]) for h, l in sorted(entries))
