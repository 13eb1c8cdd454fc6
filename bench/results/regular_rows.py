"""What the page of regular languages runs: five patterns, each with one thing varied at a time, and ten languages beyond trained lengths."""

RECIPE = "regular/a-plus"  # where a row has no recipe of its own
PATTERNS = ("a-plus", "a-star-b-star", "a-or-b-plus", "ab", "a-plus-b-plus")
# What is varied, and the keys that vary it: steps, and then one thing at a time with fewer steps.
SHORT = {"training.steps": 1000}
VARIANTS = {
    "recipe": {},
    "short": SHORT,
    "width-8": {**SHORT, "model.width": 8},
    "heads-1": {**SHORT, "model.heads": 1},
    "samples-200": {**SHORT, "data.source": "fixed", "data.sequences": 200},
    "held-out": {**SHORT, "world.held_out": 0.15},
    "width-16": {**SHORT, "model.width": 16},
    "heads-2": {**SHORT, "model.heads": 2},
    "samples-2000": {**SHORT, "data.source": "fixed", "data.sequences": 2000},
}
BASE = "short"  # what the others are compared with
VARIED = tuple(variant for variant in VARIANTS if variant not in ("recipe", BASE))
LANGUAGES = (*(f"tomita-{number}" for number in range(1, 8)), "parity", "dyck-2-3", "s3")
# The model of the ten languages, beside what the recipe says.
DEEPER = {"model.layers": 2, "model.width": 16, "model.positions": "none", "training.steps": 1500}
# Lengths of words: those that are trained on, and those that are tested on besides.
TRAINED, BEYOND = (1, 20), ((21, 40), (41, 80))
PATTERN_SEEDS, LANGUAGE_SEEDS = 5, 8
LONGEST_ASKED = 12  # of the ten languages: what a network is that is no small automaton would be asked for ever
EXTRACTION_SECONDS = 600  # of `regular extract`, which takes less than one where a network is an automaton
WORDS, INTERVENTIONS = 400, 150  # of `regular compare`


def name_of(pattern, variant):
    return pattern if variant == "recipe" else f"{pattern}-{variant}"


def pattern_row(pattern, variant):
    settings = {"name": name_of(pattern, variant), **VARIANTS[variant]}
    return {"name": name_of(pattern, variant), "recipe": f"regular/{pattern}", "settings": settings, "seeds": list(range(PATTERN_SEEDS))}


def world(language, shortest, longest):
    return f'{{ kind = "regular", language = "{language}", shortest = {shortest}, longest = {longest} }}'


def language_row(language):
    settings = {"name": language, "world": world(language, *TRAINED), **DEEPER}
    return {"name": language, "recipe": RECIPE, "settings": settings, "seeds": list(range(LANGUAGE_SEEDS)), "language": language}


FIRST = (BASE, "width-8", "heads-1", "samples-200")  # these come before the ten languages, should the page be stopped
ROWS = [
    *(pattern_row(pattern, variant) for variant in ("recipe", *FIRST) for pattern in PATTERNS),
    *(language_row(language) for language in LANGUAGES),
    *(pattern_row(pattern, variant) for variant in VARIED if variant not in FIRST for pattern in PATTERNS),
]
