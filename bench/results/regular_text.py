"""The words of the page of regular languages; what stands in braces comes from the figures."""

import regular_figures as figures

VARIANTS = {
    "recipe": "the recipes, 3,000 steps",
    "short": "1,000 steps",
    "width-8": "width 8",
    "width-16": "width 16",
    "heads-1": "one head",
    "heads-2": "two heads",
    "samples-200": "200 sequences",
    "samples-2000": "2,000 sequences",
    "held-out": "words held out",
}

# What a variant may change, as a count of runs.
COUNTS = {"runs have the classes": figures.reaching, "learnt automata are the language's": figures.equal}

LEARNT = ["learnt automaton equals the language's", "passed every test", "its states", "shortest word answered wrong"]
BEHAVIOUR = ["pattern", "states", "star-free", "depth that suffices, in theory", "runs that reach 0.999 of classes", "class accuracy (ceiling 1)",
             "always the likeliest class", "token excess, nats (floor 0)", "of a uniform law", "token accuracy; its ceiling", *LEARNT]
STATE = ["pattern", "probe before the block", "after its attention", "after the block (ceiling 1)", "a constant", "shuffled states", "random start",
         "variance explained", "at random start"]
OPERATORS = ["pattern", "transitions right (ceiling 1)", "at random start", "relative error (floor 0)", "at random start",
             "exchanged after the block, class there: follows; untouched; random", "one symbol later", "exchanged before the block, one symbol later"]
RAW = ["pattern", "cosine, as published", "transposed", "95 % of random bases of the same heads", "heads beyond that"]
TOGETHER = ["what is varied", "parameters", "reach 0.999 of classes", "differs from 1,000 steps", "excess at most 0.005", LEARNT[0],
            "differs from 1,000 steps", LEARNT[1], "probe after the block", "error of operators", "heads beyond their null"]
EACH = ["what is varied", "pattern", "test words met in training", "class accuracy", "token excess, nats", "probe after the block", "error of operators",
        "cosine, as published", "beyond their null", *LEARNT]
LENGTHS = ["language", "states", "star-free", "depth that suffices, in theory", "reach 0.999 at 1 to 20", "class accuracy there; always the likeliest class",
           "reach it at 21 to 40", "class accuracy there; always the likeliest", "reach it at 41 to 80", "class accuracy there; always the likeliest", *LEARNT]

NOT_RUN = "The recipes were not run.\n"

BEHAVES = """\
- **In behaviour: {word}.** {reaching} runs have the class right at 0.999 of positions or more; the worst has {worst}, where always saying the likeliest class has
  {baseline}. {near} have a token excess of at most 0.005 nats. From {passed} networks, asked as black boxes, an automaton is learnt that passes every test, which for {equal} is exactly the minimal one of the language.{limits} Of all networks {wrong} answer some word wrong that was tried{least}.
"""
STOPPED = """ For {stopped} it did not: learning came to a limit, or words of more symbols that were tried in the end tell it from the network; what was learnt is the language's for {equal} of them."""
KNOWS = """\
- **In state: {word}.** In {knowing} runs a linear probe of the stream after the block names the state of the automaton at 0.99 of held-out positions or more (median {probe}; a
  constant has {chance}, a probe of shuffled states {shuffled}, a probe of the same network before training {random}), and in {better} it is better than before training.{alone}
"""
ONE_STATE = """ Of {alone} more runs all held-out positions are in one state, which a constant names as well."""
STEPS_NOT_ASKED = """\
- **In transition operators: not asked.** In all runs the held-out positions are in one state, which nothing follows.
"""
KNOWS_NOT_ASKED = """\
- **In state: not asked.** In all runs the held-out positions are in one state, which a constant names as well.
"""
STEPS = """\
- **In transition operators: {word}.** In {stepping} runs the matrices by which one decoded state follows from the last, one for each symbol, miss the automaton's by at most a tenth of their size (the median of all with more than one state is {error},
  before training {random}; {close} runs are left out of the count, which have one state alone there, or whose matrices miss it by no more before training); the median share of transitions for which the largest number of a column is at the right state is {right} by pattern, but before training too it is {right_random}. {computed}
"""
FOLLOWED = """If the part that the probe reads after the block is exchanged for that of another state, the class is the other's at {here} of interventions (untouched {here_untouched}, after a random
  exchange {here_random})."""
ANEW = """ One symbol later it is at {later} (untouched {later_untouched}): nothing that stands after the last block is read at a later position, so with one layer each position finds the state anew from the whole word, whatever was learnt."""
HANDED = """ One symbol later it is at {later} (untouched {later_untouched}), **which cannot be**: with one layer nothing that stands after the block is read at a later position."""
READ = """ Exchanged in what later positions do read, the stream before the block, where the symbol stands, the class one symbol later follows at {before} (untouched {before_untouched}, random {before_random})."""
RAW_SAYS = """\
- **In weights, by the published cosine: {word}.** {beyond} heads have a cosine with the transitions that is beyond 95 % of random changes of basis of the very same head; by chance
  {chance} would. {so}
"""
NEEDS_NONE = "Of {behaving} runs whose classes are right at 0.999 of positions, nothing can be seen in these numbers."
SEES_SOME = "These numbers are not all chance, then; the table below has them by pattern."

FACTORS = """\
- **What decides it.** Of the things that were varied, one at a time: {factors}
"""

TOKEN_NOISE = """
Token accuracy is of the test words that were drawn, so it may lie above its ceiling: half of its 95 % interval is {half}, and the run that lies farthest is {above} above. A seed draws alike for all patterns, so that these runs are not independent.
"""

STATELESS = """ With {patterns} there is no other state to be put in place: after any number of symbols one state alone is possible."""

HELD_OUT = """\
Of a class with one or two words of a length none can be kept for the test. That is every accepted word of `a+` and of `ab`, and every incomplete one of `ab` and of `a+b+`; only of `a*b*` and `(a|b)+` nearly all test words can be new. The median share of test words that were met in training, and the median class accuracy, with
words held out and without (*1,000 steps*): {each}. So what this page says of behaviour it says of words many of which were met, but for `a*b*` and `(a|b)+` with words held out.

"""

BY_LENGTH = """\
Of {star_free} {star_free_trained} are learnt, to 0.999 of classes, by at least half of the seeds at trained lengths, and {star_free_beyond} hold at 41 to 80 symbols; of {others} {others_trained} and {others_beyond}.
Theory says of all ten that weights of some constant depth exist, not that this width is enough, nor that training finds them. That they are not found is no contradiction: theory speaks of weights, and this of training.
"""

TEXT = """\
# Does training find the automaton?

Written by `python3 bench/results regular`; every figure is in `bench/results/regular.json`, with the hashes of its plan and of its weights; `docs/regular.md` and `docs/metrics.md` say what each is. Figures of several
runs are their median, and in brackets the least and the greatest; shares of runs have Wilson's 95 % interval. {runs} planned runs are in.

{answers}
## Behaviour

Five patterns over `ab`, by the recipes of `recipes/regular`, {pattern_seeds} seeds each: one layer of width 24 with four heads, 3,000 steps of 64 fresh words of 1 to 20 symbols. Test words are drawn anew, and {shared} of them
were met in training as well, since short words come again and again; *words held out* further down says what is answered of words that were not met.
The automaton is learnt from the network by asking it for the classes of words (`infimum regular extract`). If it passed every test, it is what the network does, as far as was asked. If not, learning came to a limit (words of more symbols than may be asked, or {extraction_time}), and the automaton is the one that stood longest; or it passed every test of learning, and one of the longer words that are tried in the end tells it from the network.

{behaviour}{token_noise}
## State

A linear probe of the state after each prefix of {words} words. An activation depends on the prefix alone, so that prefixes are parted and not words: of those that lead to a state every other one is held out, and the probe is fitted on the rest. No prefix is on both sides. A state with one prefix alone is
never scored, as that of the empty word where no symbol leads back to it, and three of the four of `ab`; where one state is left, a constant is right everywhere, and the probe's accuracy says nothing. Controls: states shuffled, and the same network at its random start.

{state}
Before training, and even before the block, a probe may know much: the state of `(a|b)+` is whether anything was read, and that of the others often follows from the last symbol and the position.

## Transition operators and interventions

After the block: the operators in decoded coordinates, and what the head of classes says once the part that the probe reads is exchanged for that of another state. Each cell has how often it is that of the other state, how often it is without any
exchange, and after that of a random subspace of as many dimensions. Random start: the same network before training. What stands after the block is read at no later position, so that exchange cannot show one symbol later.{stateless}

{operators}
## The published comparison

Of head i the values, beside the transitions of symbol i, number by number; for the record. With two symbols these are the first two of the four heads, and a cosine of a run is the mean of both. A change of basis of a head's values leaves the network as it is and its cosine not. Of {compared} heads, chance alone would put {chance} beyond 95 % of such changes.

{raw}
## Width, heads, samples

With a third of the recipes' steps; in the rows below one thing more is varied at a time. {pattern_seeds} seeds of each of five patterns, {together} runs a row. Whether a row differs from *1,000 steps* is Fisher's exact test of the two counts, at 0.05, over the patterns that the row has.
With *200* and *2,000 sequences* the same ones come again in every epoch. *Words held out* keeps 0.15 of the words of each class and length for the test alone; the best law of the next token is then not known, and there is no excess.

{variants}
{held_out}By pattern:

{each}
## Ten languages, and longer words

A model of {layers} layers and width {width} with four heads, without positions, {steps} steps, {language_seeds} seeds each, trained as above on words of 1 to 20 symbols; the same weights are then asked for longer words. For the automaton, words of
at most {longest_asked} symbols are asked: a network that is no small automaton would be asked without end. Theory's depths are for weights that exist (`infimum regular show`).

{lengths}
{by_length}
## How it was run

{how}
"""

HOW = """\
{runs} planned runs are in, on {processors}; numerics {numerics}; {commits}. Training, comparing and extracting them took {seconds} s of processor time, which is {minutes} minutes of two idle cores. For that the recipes are those of
`recipes/regular`, which take some seconds each, what is varied has a third of their steps, the ten languages have a model that costs as much, and `regular compare` looks at {words} words and {interventions} interventions a site.
A run of one seed takes one core; as many rows are run at once as there are threads. Finished runs are skipped, and what was stopped is gone on with.
"""
