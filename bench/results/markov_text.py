"""The words of the page of nanoMarkov's figures; what stands in braces comes from the figures."""

TITLE = """\
# nanoMarkov's published figures, beside what is possible and what was measured

Written by `python3 bench/results markov`; every figure of ours is in `bench/results/markov.json`, with the hashes of its plan
and of its weights. What nanoMarkov prints is quoted from its tables, digits as given. Losses are in nats; `docs/metrics.md` has
the formulas.
"""

CANNOT_BE = """\
{found} of the {looked_at} figures below are impossible: accuracies and perplexities that no predictor can have, however it was
trained, and transition divergences that nothing learnt from nanoMarkov's train.bin can have. The shares of the optimum are a
printed loss once more and are not counted, nor is what stands under [other printed figures](#other-printed-figures).
"""

POSSIBLE = """\
Exact, from the chain (`infimum floor`), except what is called measured. The floor is that of random windows cut from the stream
of blocks, each block with one BOS and one start state, for the best predictor that sees the window so far; with one token in
view is the best that a model without attention can do.

A transition matrix can be learnt only from the transitions in train.bin. Of a state with k successors that was seen N times,
maximum likelihood counting leaves (k - 1) / 2N nats, expected and in the limit of many tokens (sparse chains: knowing which
transitions are zero; who adds one half to each count without that knowledge pays for it). With 10 and 100 states that is a good
bound of what can be learnt. With 1000 it is none: a cell has 13 transitions (51 if sparse), and to add one to each count leaves
less, as the table shows. No verdict on 1000 states is drawn from it.

The perplexity has two truths. nanoMarkov's chunks of val.bin begin at a block or at its middle, so a predictor that knows as much
knows every place of BOS; the other has to infer it from the tokens, as in the random windows of training. Where blocks begin is
given to the first, and each start state and transition costs what the chain says: computed on val.bin, written again byte for byte
by `bench/results/markov_files.py`, as are the sums over the counts of train.bin. Neither can be asked of a model that sees one token
and not where it stands: after a state it gives BOS one probability, at best as often as BOS follows that state in these chunks, once in
two chunks and so half as often as in random windows, and it knows the token before and nothing else. That is the row with one token in view and no place.
"""

LEGEND = """\
*Possible* is the best that any predictor can be expected to have: of the loss the floor, of the accuracy the ceiling, of the
perplexity the truth's own on the same blocks of val.bin, first with the places of BOS to be inferred, then with them known, of the
transition KL what all of train.bin allows (not known for 1000 states), of a share of the optimum what the floor has by the same
formula. *We measured* is the mean over the seeds with Student's 95 % interval of it (fewer than three seeds are listed and have
none; so are three whose interval would hold what such a figure cannot be), by nanoMarkov's formulas on its val.bin;
our loss is floor + `excess_loss`, without the noise of which sequences were drawn.
† is `memorylessness`, another formula: theirs cannot be repeated, since the tokens that it looks at are not known.

The last column judges what is printed. Beyond the possible by more than four standard errors is **impossible**, by two to four
doubtful, by less noise; rounding is taken off first. (A training loss may lie below the floor by what of the file was learnt by
heart, too.) The standard error of a loss is that of 102,400 targets, of an accuracy
that of 64,000; of a transition KL it is the spread between training files of the size that nanoMarkov's guide asks for. A
perplexity is called impossible only below the truth that knows every place of BOS. An accuracy above the truth's on the very same
targets ({truth_accuracy} for 100 states, where the ceiling over all that the chain can write is {accuracy}) is said and not
judged: that needs paired errors, and so the predictions of their models, which are not published.

**Our runs are far shorter than theirs** ([by how much](#how-it-was-run)): a figure of theirs that ours do not reach is no
refutation. What is impossible is so whatever was run.
"""

VARIANTS = """\
All on the chain of 100 states; the legend is that of the main table. Possible for every variant: perplexity {perplexity},
accuracy {accuracy} ({truth_accuracy} on these targets), transition KL {kl}; the loss depends on what the variant can see, and the
perplexity of c11 and c12, which see one token and not where it stands, is at best {one_token} on these tokens. (c5 and c6 have positions:
chunks begin at a block or at its middle, so a position can tell where BOS comes.) The standard error of a printed loss is {error} nats.
"""

OTHERS = """\
Printed beside the tables above, and not counted among their figures. A share of the optimum is set beside what the loss printed
with it has by each of their formulas: 98.40 % is that of the third; 99.57 %, 99.15 % and 84.13 % are those of none of the three.
"""

OTHERS_MEMORY = """\
Of the variants they print the test of the Markov property, too. A model that sees one token has exactly 0 by construction, and so
c11's .0001 is not its own, nor are the three of the older table. (c5 and c6 have positions, but the test looks at one of them alone.)
"""

FOLLOWS = """\
- Their “theoretical minimum” is not the minimum. For MM-100 it is {row_mean_entropy}; the floor of the loss that they report is
  {floor}, since BOS and the state after it are targets, too. “99.93 %” and “99.33 % of the theoretical optimum” are therefore
  more than the best predictor has by the two formulas ({ratio} and {structure}), and the sparse chain, whose earlier 2.8429 seems
  {sparse_seems} from its optimum, is {sparse_is} from its floor.
- Their losses cannot rank their models. The twelve variants lie between {lowest} and {highest}; one such figure has a standard
  error of {error}. What the variants can see differs by {bos}: where BOS comes, which an MLP alone cannot know.
- A transition KL below {kl} is not in the data. c8 to c11 print 0.0001 and 0.0002; counting every transition of train.bin has
  {counting}, and so has c12, one table of logits, when it is trained on all of them: {table} (they print 0.0011).
- “Excellent” says nothing. The limit for 100 states is {excellent} nats; a uniform law has {uniform}.
- The line of MM-1000 contradicts itself: a loss of 6.51 is a perplexity of 672, not 1.00.
"""

HOW = """\
{runs} runs, seeds {seeds} (nanoMarkov's own); processor {processor}; numerics {numerics};
{commits}.
Each is the recipe of its row in `recipes/published/`, with fewer steps, 16 sequences a step in place of 320 (mm10: of 640), and a
warm-up of a tenth of the steps, on windows of the published train.bin. c11 and c12 are trained on how often which token follows
which in all of train.bin, with the settings of `recipes/published/nanomarkov-c12-counts.toml`: 200 steps that each see all of it.

{thousand}

The interval of each excess is 1.96 standard errors over test sequences. Seeds share the training file, so no interval here
speaks of other training files. Three seeds carry a mean and a wide interval, no more.
"""

NO_STEPS = """\
The networks for 1000 states (13 million weights) were not run. What the page says of them follows from the chain and from train.bin.
"""

FEW_STEPS = """\
The networks for 1000 states (13 million weights) ran for a few steps, were validated on 16 sequences and tested on 64, and not on the
chunks of val.bin: each sequence costs 130 times what it does with 100,000 weights. So few steps take them from a uniform law to how
frequent the tokens are and hardly further; what is possible for 1000 states follows from the chain and from train.bin, not from them.
"""

AGAIN = """\
```sh
cargo build --release
python3 bench/results markov
```

Finished runs are skipped, stopped ones gone on with. `python3 bench/results markov --render` writes this page from the figures
that are there, `python3 bench/results --check` compares it with them byte for byte. For longer runs raise the numbers in `ROWS`
of `bench/results/markov.py`; the published recipes themselves are 32 passes over train.bin.
"""
