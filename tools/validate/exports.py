"""Judges one export of Lapwing with the libraries of others; prints a row of a table."""

import argparse
import json
import logging
import pathlib
import sys
import warnings

# A file beside this one has the name of a library that is asked here.
here = pathlib.Path(__file__).resolve().parent
sys.path = [place for place in sys.path if pathlib.Path(place).resolve() != here]

HEAD = ["corpus", "format", "size", "objects", "validated", "errors", "warnings", "same ids", "not carried", "seconds", "MB"]


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def quick():
    """Has the validator read its schemas once, not once an object: the verdicts are the same."""
    import functools
    from urllib.parse import urljoin

    from referencing import Registry
    from referencing.jsonschema import DRAFT202012
    from stix2validator import validator

    made = {}

    def references(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "$ref" and isinstance(value, str):
                    yield value
                else:
                    yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    def load(path, schema, folder):
        if path not in made:
            schema = validator.patch_schema(schema, path)
            retrieve = functools.partial(validator.retrieve_from_filesystem, schema_dir=folder)
            registry = Registry(retrieve=retrieve).with_resource(path, DRAFT202012.create_resource(schema)).crawl()
            waiting, seen = [(path, schema)], set()
            while waiting:
                base, part = waiting.pop()
                base = part.get("$id", base) if isinstance(part, dict) else base
                for reference in references(part):
                    address = urljoin(base, reference).split("#")[0]
                    if address and address not in seen:
                        seen.add(address)
                        found = registry.get_or_retrieve(address)
                        registry = found.registry
                        waiting.append((address, found.value.contents))
            checker = validator.Draft202012Validator.FORMAT_CHECKER
            made[path] = validator.STIXValidator(schema, registry=registry.crawl(), format_checker=checker)
        return made[path]

    validator.load_validator = load


def stix(path, version, most, problems):
    """Objects, how many were validated, errors, warnings, and the share of observables whose
    identifier OASIS's library gives too."""
    import stix2
    import stix2validator

    quick()
    options = stix2validator.ValidationOptions(version=version)
    bundle = json.loads(path.read_text())
    errors, told = [], 0
    # The bundle itself, without its objects; then the objects, evenly taken where they are many.
    head = stix2validator.validate_instance({**bundle, "objects": bundle["objects"][:1]}, options)
    errors += [f"bundle: {error}" for error in head.errors or []]
    step = max(1, -(-len(bundle["objects"]) // most))
    shown = bundle["objects"][::step]
    for item in shown:
        result = stix2validator.validate_instance(item, options)
        errors += [f"{item['id']}: {error}" for error in result.errors or []]
        told += len(result.warnings or [])
    parsed = stix2.parse(bundle, allow_custom=version == "2.0", version=version)
    objects = parsed["objects"]
    same = total = 0
    if version == "2.1":
        for observable in objects:
            # A process has no identifier of its own by the specification.
            if "created" in observable or observable["type"] in ("process", "bundle"):
                continue
            total += 1
            fields = {key: value for key, value in observable.items() if key not in ("id", "type", "spec_version")}
            again = stix2.parse({"type": observable["type"], **json.loads(json.dumps(fields, default=str))}, version="2.1")
            if again["id"] == observable["id"]:
                same += 1
            else:
                problems.append(f"{observable['id']} is {again['id']} elsewhere")
    known = {item["id"] for item in objects}
    for item in objects:
        for key, value in item.items():
            names = [value] if key.endswith("_ref") else value if key.endswith("_refs") else []
            for name in names:
                if "--" in name and name not in known:
                    errors.append(f"{item['id']}: {key} leads to {name}, which is not there")
    problems += errors
    return len(objects), len(shown), len(errors), told, f"{same}/{total}" if total else "–"


def misp(path, problems):
    """Attributes and objects, errors and warnings of PyMISP over a file or a feed."""
    from pymisp import MISPEvent

    said = []

    class Keep(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())

    logging.getLogger("pymisp").addHandler(Keep())
    errors, count = [], 0
    if path.is_dir():
        manifest = json.loads((path / "manifest.json").read_text())
        files = sorted(file for file in path.glob("*.json") if file.name != "manifest.json")
        if {file.stem for file in files} != set(manifest):
            errors.append("manifest.json lists other events than there are")
        for line in (path / "hashes.csv").read_text().splitlines():
            digest, event = line.split(",")
            if len(digest) != 32 or event not in manifest:
                errors.append(f"hashes.csv: {line}")
        events = [json.loads(file.read_text()) for file in files]
    else:
        whole = json.loads(path.read_text())
        events = whole["response"] if "response" in whole else [whole]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for raw in events:
            try:
                event = MISPEvent()
                event.load(raw)
            except Exception as error:  # noqa: BLE001 - each is counted and named
                errors.append(f"{raw['Event'].get('uuid')}: {error!r}")
                continue
            for thing in event.objects:
                wanted = MISPEvent().add_object(name=thing.name, standalone=False)
                if wanted.template_uuid != thing.template_uuid or not thing._known_template:
                    errors.append(f"{thing.name}: not the template of MISP")
            uuids = [item.uuid for item in [*event.attributes, *event.objects]]
            uuids += [part.uuid for thing in event.objects for part in thing.attributes]
            if len(uuids) != len(set(uuids)):
                errors.append(f"{event.uuid}: a uuid stands twice")
            for thing in event.objects:
                for reference in thing.references:
                    if reference.referenced_uuid not in uuids:
                        errors.append(f"{thing.uuid}: leads to {reference.referenced_uuid}, which is not there")
            event.to_json()
            count += len(uuids)
    said += [str(item.message) for item in caught]
    problems += errors + said
    return count, count, len(errors), len(said), "–"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--head", action="store_true")
    options.add_argument("--format")
    options.add_argument("--corpus")
    options.add_argument("--most", type=int, default=20000)
    options.add_argument("--losses")
    options.add_argument("--time")
    options.add_argument("path", nargs="?", type=pathlib.Path)
    options = options.parse_args()
    if options.head:
        row(HEAD)
        row(["---"] * len(HEAD))
        return 0
    problems = []
    if options.format.startswith("stix"):
        version = "2.0" if options.format == "stix2.0" else "2.1"
        count, shown, errors, told, same = stix(options.path, version, options.most, problems)
    else:
        count, shown, errors, told, same = misp(options.path, problems)
    files = [options.path] if options.path.is_file() else list(options.path.iterdir())
    size = sum(file.stat().st_size for file in files) / 1e6
    losses = sum(1 for _ in open(options.losses))
    seconds, kilobytes = open(options.time).read().split()[-2:]
    row([options.corpus, options.format, f"{size:.1f} MB", count, shown, errors, told, same, losses, seconds, int(kilobytes) // 1024])
    for problem in problems[:10]:
        print(f"  {problem[:300]}", file=sys.stderr)
    return 1 if errors else 0


sys.exit(main())
