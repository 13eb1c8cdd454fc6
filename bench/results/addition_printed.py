"""What was published of the adders, as counts and words, and the text of the page."""

# Of each model: what its authors or those who repeated it counted.
PUBLISHED = {
    "67p": "10,010 of the official sums, one seed",
    "122p": "10,005 of the official sums, one seed",
    "456p": "2 of 5 seeds (CUDA); 0 of 2 again on MPS",
    "512p": "12 errors in 100,000, one seed; again 0 of 2 on MPS",
    "763p": "0.19 in 50,000 steps, one seed",
    "896p": "3, 4 and 5 of 8 by one configuration; 3 of 3 before",
    "959p": "0.00002, one seed",
    "1128p": "33 errors in 100,000, one seed",
}

# Name, what it concluded, and runs that succeeded of how many, on either side; None where a single run stands on each side.
CONCLUSIONS = [
    ("E13, E14", "two layers that are shared work", None, None),
    ("E15", "rate 0.012 and 0.015 work, 0.006 to 0.010 do not", None, None),
    ("E18", "frozen full-rank terms in the MLP: 3 of 3 for 0 of 3", (3, 3), (0, 3)),
    ("E19", "RMSNorm is worse than LayerNorm", (1, 3), (3, 3)),
    ("E20", "no norm is worse than LayerNorm", (0, 3), (3, 3)),
    ("E21", "positions of rank 6 are a little worse", (2, 3), (3, 3)),
    ("E33, E38", "the same configuration with another sampler is better", (5, 8), (3, 8)),
    ("E35", "batch 384 with rate 0.0165 is better than 512 with 0.015", (6, 8), (4, 8)),
    ("E35, E34", "its neighbours are worse", (6, 8), (2, 8)),
    ("E38", "without the frozen term in the MLP it is worse", (5, 8), (1, 8)),
    ("E38", "without the frozen term in attention it is worse", (5, 8), (3, 8)),
    ("E38", "queries, keys, values and output of rank 3 do not work", (5, 8), (0, 8)),
    ("E38", "width 7 does not work", (5, 8), (0, 8)),
    ("E38", "a hidden width of 16 is as good", (5, 8), (4, 8)),
    ("E38", "50,000 steps are no better than 30,000", (5, 8), (5, 8)),
    ("E39", "a long tail of low rates does not help", (3, 8), (5, 8)),
]

TEXT = """# The smallest adders

Written by `python3 bench/results addition`; measured on {measured}. Each model is trained by the recipe of its name under `recipes/adders/`, its seeds at once, and tested on
100,000 fresh pairs of ten-digit numbers that are held out from training.

{models}
{missing}A seed reaches the criterion when a validation, on 5,000 pairs, has at least 0.99 of its sums right; runs that never do count up to their end (Kaplan and Meier). The
rate is that of the test pairs after the last step, with Wilson's interval. The official sums are the 10,010 of the public contest (`docs/sums.md`). Published figures are those of their authors' own tests, of another number of seeds, on another device.
Times are as they were, whatever else ran.

Errors in 100,000 test pairs after the last step:

{each}

## What an experiment log's own numbers could carry

maxencefrenette's log of 39 experiments on an Apple GPU, which began with the adders above, draws conclusions from up to eight seeds a configuration. Whether the counts that it
gives differ is asked of Fisher's exact test, at the level 0.05 (`infimum compare 5/8 1/8`).

{conclusions}
Three seeds of a side can show no difference at this level, whatever they do: the least p that 3 of 3 and 0 of 3 can have is 0.1.
"""
