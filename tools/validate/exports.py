"""Judges one export of Lapwing with the libraries of others; prints a row of a table."""

import argparse
import json
import logging
import pathlib
import sys
import warnings

HEAD = ["corpus", "format", "size", "objects", "errors", "warnings", "same ids", "not carried", "seconds", "MB"]


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def stix(path, version, problems):
    """Objects, errors, warnings and share of observables whose identifier OASIS's library gives too."""
    import stix2
    import stix2validator

    options = stix2validator.ValidationOptions(version=version)
    result = stix2validator.validate_file(str(path), options)
    errors = [str(result.fatal)] if result.fatal else []
    told = 0
    for part in result.object_results:
        errors += [f"{part.object_id}: {error}" for error in part.errors or []]
        told += len(part.warnings or [])
    bundle = json.loads(path.read_text())
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
    return len(objects), len(errors), told, f"{same}/{total}" if total else "–"


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
    return count, len(errors), len(said), "–"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--head", action="store_true")
    options.add_argument("--format")
    options.add_argument("--corpus")
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
        count, errors, told, same = stix(options.path, "2.0" if options.format == "stix2.0" else "2.1", problems)
    else:
        count, errors, told, same = misp(options.path, problems)
    files = [options.path] if options.path.is_file() else list(options.path.iterdir())
    size = sum(file.stat().st_size for file in files) / 1e6
    losses = sum(1 for _ in open(options.losses))
    seconds, kilobytes = open(options.time).read().split()[-2:]
    row([options.corpus, options.format, f"{size:.1f} MB", count, errors, told, same, losses, seconds, int(kilobytes) // 1024])
    for problem in problems[:10]:
        print(f"  {problem[:300]}", file=sys.stderr)
    return 1 if errors else 0


sys.exit(main())
