"""The words of the page of nanoMarkov's figures; what stands in braces comes from the figures."""

TITLE = """\
# nanoMarkov's published figures, beside what is possible and what was measured

Written by `python3 bench/results markov`; every figure of ours is in `bench/results/markov.json`, with the hashes of its plan
and of its weights. What nanoMarkov prints is quoted from its tables, digits as given. Losses are in nats; `docs/metrics.md` has
the formulas.
"""

CANNOT_BE = """\
{found} of the {looked_at} figures below are impossible: accuracies and perplexities that no predictor can have, however it was
trained, and transition divergences that nothing learnt from nanoMarkov's train.bin can have.
"""

POSSIBLE = """\
Exact, from the chain (`infimum floor`), except what is called measured. The floor is that of random windows cut from the stream
of blocks, each block with one BOS and one start state, for the best predictor that sees the window so far; with one token in
view is the best that a model without attention can do. A transition matrix can be learnt no better than the transitions in
train.bin allow: a state with k successors that was seen N times leaves (k - 1) / 2N nats to the best estimator, and the mean of
that is the expected transition KL (sparse chains: for an estimator that knows which transitions are zero; counting, which adds
one half to each count, pays for not knowing).
"""

LEGEND = """\
*Possible* is the best that any predictor can be expected to have: of the loss the floor, of the accuracy the ceiling, of the
perplexity the truth's own on the same blocks of val.bin (where nothing was run, exp of the floor), of the transition KL what all
of train.bin allows, of a share of the optimum what the floor has by the same formula. *We measured* is the mean over the seeds
with Student's 95 % interval of it (fewer than three seeds are listed and have none), by nanoMarkov's formulas on its val.bin;
our loss is floor + `excess_loss`, without the noise of which sequences were drawn.
† is `memorylessness`, another formula: theirs cannot be repeated, since the tokens that it looks at are not known.

The last column judges what is printed. Beyond the possible by more than four standard errors is **impossible**, by two to four
doubtful, by less noise; rounding is taken off first. (A training loss may lie below the floor by what of the file was learnt by
heart, too.) The standard error of a loss is that of 102,400 targets, of an accuracy
that of 64,000; of a transition KL it is the spread between training files of the size that nanoMarkov's guide asks for. A
perplexity is called impossible only where knowing every place of BOS would not explain it.

**Our runs are far shorter than theirs** ([by how much](#how-it-was-run)): a figure of theirs that ours do not reach is no
refutation. What is impossible is so whatever was run.
"""

VARIANTS = """\
All on the chain of 100 states; the legend is that of the main table. Possible for every variant: perplexity {perplexity},
accuracy {accuracy} ({truth_accuracy} on these targets), transition KL {kl}; the loss depends on what the variant can see. The
standard error of a printed loss is {error} nats.
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
{runs} runs, seeds {seeds} (nanoMarkov's own); processor {processor}; numerics {numerics}. Each is the recipe of its row in
`recipes/published/`, with fewer steps, 16 sequences a step in place of 320 (mm10: of 640), and a warm-up of a tenth of the steps,
on windows of the published train.bin. c11 and c12 are trained on how often which token follows which in all of train.bin, with
the settings of `recipes/published/nanomarkov-c12-counts.toml`: 200 steps that each see all of it.

The networks for 1000 states (13 million weights) were not run: `infimum check` expects five hours for a fortieth of the
published tokens on this machine. What the page says of them follows from the chain and from train.bin.

The interval of each excess is 1.96 standard errors over test sequences. Seeds share the training file, so no interval here
speaks of other training files. Three seeds carry a mean and a wide interval, no more.
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
