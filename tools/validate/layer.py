"""Checks a layer of the ATT&CK Navigator against the published format 4.5.

The schema below holds the fields, types and limits of `layers/spec/v4.5/layerformat.md` of the
Navigator's repository; unknown fields are errors.
"""

import json
import sys

import jsonschema

COLOUR = {"type": "string", "pattern": "^(#[0-9a-fA-F]{3,8}|)$"}
METADATA = {
    "type": "array",
    "items": {
        "oneOf": [
            {
                "type": "object",
                "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
                "required": ["name", "value"],
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {"divider": {"type": "boolean"}},
                "required": ["divider"],
                "additionalProperties": False,
            },
        ]
    },
}
LINKS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"label": {"type": "string"}, "url": {"type": "string", "format": "uri"}},
        "required": ["label", "url"],
        "additionalProperties": False,
    },
}
BOOLEAN = {"type": "boolean"}
SCHEMA = {
    "type": "object",
    "required": ["name", "versions", "domain", "techniques"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "domain": {"enum": ["enterprise-attack", "mobile-attack", "ics-attack"]},
        "versions": {
            "type": "object",
            "required": ["layer"],
            "properties": {
                "layer": {"const": "4.5"},
                "attack": {"type": "string", "pattern": "^[0-9]+$"},
                "navigator": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+(\\.[0-9]+)?$"},
            },
            "additionalProperties": False,
        },
        "customDataURL": {"type": "string"},
        "filters": {"type": "object"},
        "sorting": {"enum": [0, 1, 2, 3]},
        "layout": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "layout": {"enum": ["side", "flat", "mini"]},
                "showID": BOOLEAN,
                "showName": BOOLEAN,
                "showAggregateScores": BOOLEAN,
                "countUnscored": BOOLEAN,
                "aggregateFunction": {"enum": ["average", "min", "max", "sum"]},
                "expandedSubtechniques": {"enum": ["all", "annotated", "none"]},
            },
        },
        "hideDisabled": BOOLEAN,
        "techniques": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["techniqueID"],
                "additionalProperties": False,
                "properties": {
                    "techniqueID": {"type": "string", "pattern": "^T[0-9]{4}(\\.[0-9]{3})?$"},
                    "tactic": {"type": "string"},
                    "comment": {"type": "string"},
                    "enabled": BOOLEAN,
                    "score": {"type": "number"},
                    "color": COLOUR,
                    "metadata": METADATA,
                    "links": LINKS,
                    "showSubtechniques": BOOLEAN,
                },
            },
        },
        "gradient": {
            "type": "object",
            "required": ["colors", "minValue", "maxValue"],
            "additionalProperties": False,
            "properties": {
                "colors": {"type": "array", "minItems": 2, "items": COLOUR},
                "minValue": {"type": "number"},
                "maxValue": {"type": "number"},
            },
        },
        "legendItems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["label", "color"],
                "additionalProperties": False,
                "properties": {"label": {"type": "string"}, "color": COLOUR},
            },
        },
        "showTacticRowBackground": BOOLEAN,
        "tacticRowBackground": COLOUR,
        "selectTechniquesAcrossTactics": BOOLEAN,
        "selectSubtechniquesWithParent": BOOLEAN,
        "selectVisibleTechniques": BOOLEAN,
        "metadata": METADATA,
        "links": LINKS,
    },
}
layer = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.validate(layer, SCHEMA)
identifiers = [technique["techniqueID"] for technique in layer["techniques"]]
assert len(identifiers) == len(set(identifiers)), "a technique stands twice"
print(len(identifiers), "techniques")
