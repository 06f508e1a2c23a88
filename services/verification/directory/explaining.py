"""What is wrong in a file, in words."""

from services.verification.directory.rules.faults import RowError

WORDS = {
    "csv.badge": "must be at most {most} letters and digits",
    "csv.blank": "is empty; fill it in",
    "csv.cells": "has {found} cells, the header has {wanted}; check separators and quotes",
    "csv.choice": "must be one of {choices}",
    "csv.code": "must be at most {most} letters and digits, with dots or dashes between them",
    "csv.column_missing": "missing; add this column to {kind}",
    "csv.column_twice": "twice; remove one of them",
    "csv.column_unknown": "unknown; the columns are {columns}",
    "csv.empty": "the file is empty; the first line must name the columns",
    "csv.encoding": "neither UTF-8 nor GB18030; save the file as CSV UTF-8",
    "csv.header": "unknown header: {found}; one column must be {keys}",
    "csv.is_place": "{code} is a place already; a unit needs a code of its own",
    "csv.is_unit": "{code} is a unit already; a place needs a code of its own",
    "csv.level": "must be one of {levels}, as the policy names them",
    "csv.level_order": "a {level} cannot lie below a {above}",
    "csv.look_alike": "{value} looks like {other}, which is there already; choose another",
    "csv.loop": "{code} lies below itself; change one of the parents",
    "csv.no_officer": "no officer {badge}; import the officers first",
    "csv.no_place": "no place {code}; import the places first",
    "csv.no_scope": "no unit or place {code}; import places and units first",
    "csv.no_unit": "no unit {code}; import the units first",
    "csv.number": "must be a number from {least} to {most}",
    "csv.parent_missing": "is empty; only a {level} has nothing above it",
    "csv.phone": "is not a valid phone number; write it like +8613800138000, or leave it empty",
    "csv.root_has_parent": "must be empty: nothing lies above a {level}",
    "csv.scope_not_between": "a county_supervisor's place lies between the root and the units",
    "csv.scope_not_root": "a city_supervisor's place is the root of the tree",
    "csv.scope_not_unit": "a unit_operator's place is a unit",
    "csv.second_root": "{others} has no parent either; the tree has one root",
    "csv.too_long": "must be at most {most} characters",
    "csv.twice": "{value} stands in line {line} already; remove one",
    "csv.unreadable": "not readable as CSV ({reason}); check the quotation marks",
    "csv.unusable": "character {place} is {character}, which no font shows; type it again",
    "csv.username": "must be 2 to 32 letters, digits, dots, dashes, beginning with a letter",
    "csv.yes_or_no": "must be yes or no (是 or 否), or empty to leave it as it is",
}


def explain(error: RowError) -> str:
    """What is wrong and what to do."""
    return WORDS[error.key].format(**error.values)
