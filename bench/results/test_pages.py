"""python3 -m unittest discover -s bench/results: each page is what its figures give, and notices a figure that was altered."""

import copy
import importlib.util
import json
import math
import pathlib
import subprocess
import tempfile
import unittest
import unittest.mock

import addition
import markov
import markov_files
import regular
import regular_figures
import regular_page
import regular_rows
import runs
import seeds
import verdicts

FOLDER = pathlib.Path(__file__).resolve().parent
SPECIFICATION = importlib.util.spec_from_file_location("command", FOLDER / "__main__.py")
command = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(command)


def altered(figure):
    """The same figure, wrong by a tenth."""
    return {key: value * 1.1 + 1e-3 if isinstance(value, float) else value for key, value in figure.items()}


class Pages(unittest.TestCase):
    def test_the_page_is_what_its_figures_give(self):
        for page in command.PAGES.values():
            with self.subTest(page.NAME):
                self.assertTrue(command.is_what_its_figures_give(page))

    def test_an_altered_figure_is_noticed(self):
        for page in command.PAGES.values():
            data = command.store_of(page).data
            for row, seed in [(row, seed) for row, of in data["rows"].items() for seed in of["runs"]]:
                doctored = copy.deepcopy(data)
                figures = doctored["rows"][row]["runs"][seed]["figures"]
                doctored["rows"][row]["runs"][seed]["figures"] = {name: altered(figure) for name, figure in figures.items()}
                with self.subTest(f"{page.NAME}, {row}, seed {seed}"):
                    self.assertNotEqual(page.document(doctored), page.document(data))

    def test_an_altered_page_is_noticed(self):
        for page in command.PAGES.values():
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "page.md"
                path.write_text(command.document_of(page).read_text().replace("0", "1", 1))
                with unittest.mock.patch.object(command, "document_of", lambda page: path):
                    self.assertFalse(command.is_what_its_figures_give(page))

    def test_every_run_says_what_it_was(self):
        for page in command.PAGES.values():
            for row, of in command.store_of(page).data["rows"].items():
                self.assertIn(row, [one["name"] for one in page.ROWS])
                for run in of["runs"].values():
                    self.assertTrue(all(run[key] for key in ("plan_hash", "weights_hash", "numerics", "processor", "tokens", "figures")))
                    self.assertTrue(run["numerics"] == 1 or run.get("commit"), f"{row}: a run of newer numerics keeps its commit")

    def test_nothing_is_claimed_of_what_was_not_run(self):
        for page in command.PAGES.values():
            data = command.store_of(page).data
            self.assertIn("not run", page.document({**data, "rows": {}}))

    def test_figures_on_disk_are_the_figures(self):
        data = {"rows": {"a": {"runs": {"1": {"figures": {"x": {"value": 0.1}}, "tokens": 3}}}}}
        self.assertEqual(json.loads(runs.text_of(data)), data)


class Commits(unittest.TestCase):
    def test_what_is_in_no_commit_is_said_to_be(self):
        run = lambda name: {"commit": name}
        self.assertEqual(runs.commits([run("abc"), run("abc"), {}]), "commit abc")
        self.assertEqual(runs.commits([run("abc-dirty")]), "commit abc with changes that are in no commit")
        several = runs.commits([run("abc-dirty"), run("abc"), run("abd"), run("abd")])
        self.assertEqual(several, "commits abc (1 run), abc with changes that are in no commit (1 run) and abd (2 runs)")

    def test_a_file_that_differs_is_noticed_unless_measuring_writes_it(self):
        with tempfile.TemporaryDirectory() as folder:
            git = lambda *words: subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", *words], cwd=folder, check=True, capture_output=True)
            files = [pathlib.Path(folder) / name for name in ("bench/results/a.json", "docs/results/a.md", "bench/results/a.py")]
            for path in files:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("1")
            git("init")
            git("add", ".")
            git("commit", "-m", "x")
            clean = runs.commit(folder)
            self.assertRegex(clean, "^[0-9a-f]{12}$")
            for path, said in zip(files, (clean, clean, clean + runs.DIRTY)):
                path.write_text("2")
                self.assertEqual(runs.commit(folder), said)


class Verdicts(unittest.TestCase):
    # As `infimum compare 5/8 0/8` and so on have p.
    COUNTS = [((5, 8), (0, 8), 0.02564102564102564), ((5, 8), (1, 8), 0.11888111888111887), ((3, 3), (0, 3), 0.1), ((1, 3), (3, 3), 0.4),
              ((6, 8), (2, 8), 0.1319347319347319), ((3, 8), (5, 8), 0.619269619269619), ((2, 3), (3, 3), 1.0), ((0, 5), (0, 5), 1.0)]

    def test_two_counts_are_told_apart_as_the_program_does(self):
        for a, b, p in self.COUNTS:
            with self.subTest(f"{a} {b}"):
                self.assertAlmostEqual(verdicts.fisher(a, b), p, places=12)
                self.assertAlmostEqual(verdicts.fisher(b, a), p, places=12)
        self.assertEqual(verdicts.differ((5, 8), (0, 8)), "yes, p = 0.0256")
        self.assertEqual(verdicts.differ((3, 3), (0, 3)), "no, p = 0.1")

    # Printed loss, floor, standard error, the word.
    LOSSES = [("4.1899", 4.192729, 0.0025, "noise"), ("4.1949", 4.192729, 0.0025, ""), ("4.1850", 4.192729, 0.0025, "doubtful"),
              ("4.1820", 4.192729, 0.0025, verdicts.IMPOSSIBLE), ("4.1820", 4.192729, None, "not known"), ("4.1927", 4.192729, 0.0, "")]

    def test_a_loss_is_judged_by_its_noise(self):
        for value, floor, error, word in self.LOSSES:
            with self.subTest(value):
                words = verdicts.loss(value, floor, error)
                self.assertTrue(words == "" if word == "" else word in words, words)

    def test_an_accuracy_above_the_ceiling_is_impossible(self):
        self.assertIn(verdicts.IMPOSSIBLE, verdicts.accuracy("0.8391", 0.3059, 64_000))
        self.assertEqual(verdicts.accuracy("0.0507", 0.0509, 64_000), "")

    def test_an_accuracy_above_the_truth_on_its_targets_is_said_and_not_judged(self):
        self.assertEqual(verdicts.accuracy("0.0507", 0.0509, 64_000, 0.0483), "above the truth on the same tokens (0.0483)")
        self.assertEqual(verdicts.accuracy("0.0483", 0.0509, 64_000, 0.0483), "")
        self.assertIn(verdicts.IMPOSSIBLE, verdicts.accuracy("0.8391", 0.3059, 64_000, 0.3075))

    # Printed, what the verdict holds.
    PERPLEXITIES = [("66.18", ""), ("66.17", ""), ("65.95", "possible only by knowing"), ("65.46", "possible only by knowing"),
                    ("65.45", verdicts.IMPOSSIBLE), ("1.00", verdicts.IMPOSSIBLE)]

    def test_a_perplexity_may_know_bos_and_no_more(self):
        for value, words in self.PERPLEXITIES:
            with self.subTest(value):
                said = verdicts.perplexity(value, 66.1748, 65.4597)
                self.assertTrue(said == "" if words == "" else words in said, said)
        self.assertEqual(verdicts.perplexity("66.00", None, 65.4597), "")

    def test_one_token_in_view_has_a_perplexity_of_its_own(self):
        self.assertIn("one token in view", verdicts.one_token_perplexity("66.36", 66.3942))
        self.assertEqual(verdicts.one_token_perplexity("66.39", 66.3942), "")

    def test_counting_cannot_be_beaten_beyond_its_spread(self):
        floor, spread = verdicts.counting_floor(100, 100, 12_700_000)
        self.assertAlmostEqual(floor, 3.8976e-4, places=8)
        self.assertAlmostEqual(spread / floor, 0.014213, places=6)
        self.assertIn(verdicts.IMPOSSIBLE, verdicts.transition_kl("0.0002", floor, spread))
        self.assertEqual(verdicts.transition_kl("0.0004", floor, spread), "")


class Seeds(unittest.TestCase):
    def test_three_seeds_have_students_interval_and_fewer_have_none(self):
        self.assertAlmostEqual(seeds.half_width([1.0, 2.0, 3.0]), 2.48414, places=4)
        self.assertEqual(seeds.with_interval([1.0, 2.0, 3.0], 2), "2.00 ± 2.48")
        self.assertEqual(seeds.with_interval([1.0, 2.0], 1), "1.0, 2.0 (two seeds)")
        self.assertEqual(seeds.with_interval([1.0], 2), "1.00 (one seed)")
        self.assertEqual(seeds.with_interval([1.0, 1.0, 1.0], 2), "1.00 ± <0.01")

    def test_values_whose_interval_holds_what_cannot_be_are_listed(self):
        self.assertEqual(seeds.with_interval([1.0, 2.0, 3.0], 1, least=0.0), "1.0, 2.0, 3.0 (each seed)")
        self.assertEqual(seeds.with_interval([1.0, 2.0, 3.0], 1, most=4.0), "1.0, 2.0, 3.0 (each seed)")
        self.assertEqual(seeds.with_interval([1.0, 2.0, 3.0], 1, least=-1.0, most=5.0), "2.0 ± 2.5")

    def test_a_spread_is_a_median_and_a_range(self):
        self.assertEqual(seeds.spread([3.0, 1.0, 2.0], 1), "2.0 (1.0 to 3.0)")
        self.assertEqual(seeds.spread([1.0, 1.0], 2), "1.00")
        self.assertEqual(seeds.spread([], 2), "-")
        self.assertEqual(seeds.spread([-1e-6, 1e-6], 2), "0.00")

    # As `infimum run --seeds` gives it of 8 of 10 seeds.
    def test_a_rate_has_wilsons_interval(self):
        low, high = seeds.wilson(8, 10)
        self.assertAlmostEqual(low, 0.490162, places=5)
        self.assertAlmostEqual(high, 0.943318, places=5)
        self.assertEqual(seeds.rate(0, 5), "0 of 5 (0 % to 43 %)")
        self.assertEqual(seeds.rate(5, 5), "5 of 5 (57 % to 100 %)")


class Regular(unittest.TestCase):
    """Sentences about languages say what the figures say, whatever those are."""

    @staticmethod
    def run_with(accuracy=1.0, probe=1.0, missed=0.0, following=0.0, beyond=0, complete=True, chance=0.4):
        figure = {"value": accuracy, "low": accuracy, "high": accuracy, "optimum": 1.0, "baseline": 0.5}
        here = {"follows": 1.0, "untouched": 0.0, "random_subspace": 0.0}
        probes = {"accuracy": probe, "shuffled_accuracy": 0.3, "random_start_accuracy": 0.6}
        return {
            "figures": {"class_accuracy": figure, "excess_loss": {**figure, "value": 1 - accuracy}},
            "extract": {"equals_truth": accuracy == 1.0, "complete": complete, "shortest_disagreement": None},
            "compare": {
                "chance": chance,
                "probes": {site: probes for site in regular_figures.STREAM},
                "operators": {"trained": {"transitions_right": 1.0, "relative_error": missed}, "random": {"transitions_right": 0.5, "relative_error": 0.4}},
                "interventions": {"here": here, "later": {**here, "follows": following}, "before": here},
                "raw": {"heads": 2, "beyond": beyond},
            },
        }

    def said(self, **figures):
        return regular_page.answers({"rows": {"a-plus": {"runs": {str(seed): self.run_with(**figures) for seed in range(5)}}}})

    # What is changed, what is then said, and what is not.
    CASES = [
        ({}, "In behaviour: yes", "In behaviour: no"),
        ({"accuracy": 0.9}, "In behaviour: no", "In behaviour: yes"),
        ({}, "In state: yes", "In state: no"),
        ({"probe": 0.98}, "In state: no", "In state: yes"),
        ({"chance": 1}, "In state: not asked", "In state: yes"),
        ({}, "transition operators: yes", "transition operators: no"),
        ({"missed": 0.2}, "transition operators: no", "transition operators: yes"),
        ({}, "From 5 of 5 networks", "stood longest"),
        ({}, "which for 5 is exactly the minimal one", "stood longest"),
        ({"accuracy": 0.9}, "which for 0 is exactly the minimal one", "stood longest"),
        ({"complete": False}, "From 0 of 5 networks", "which for 5"),
        ({"complete": False}, "For 5 it did not: learning came to a limit, or words of more symbols that were tried in the end tell it from the network; what was learnt is the language's for 5", "which for 5"),
        ({}, "1.00 by pattern, but before training too it is 0.50", "before training too it is 1.00"),
        ({}, "finds the state anew from the whole word, whatever was learnt", "cannot be"),
        ({"following": 0.9}, "cannot be", "finds the state anew"),
        ({}, "by chance\n  0.5 would", "by chance\n  0 would"),
        ({}, "published cosine: no", "more than by chance"),
        ({"beyond": 2}, "published cosine: more than by chance", "published cosine: no"),
    ]

    def test_words_follow_the_figures(self):
        for figures, there, missing in self.CASES:
            with self.subTest(there, **figures):
                said = self.said(**figures)
                self.assertIn(there, said)
                self.assertNotIn(missing, said)

    def test_the_cosine_is_not_read_as_behaviour(self):
        said = self.said(accuracy=0.9)
        self.assertIn("Of 0 runs whose classes are right", said)


    @staticmethod
    def rows_of(**variants):
        """Rows of `a+` with five runs each."""
        return {regular_rows.name_of("a-plus", variant.replace("_", "-")): {"runs": {str(seed): run for seed in range(5)}} for variant, run in variants.items()}

    # The runs of the variant, of the base, and what is said of the variant.
    FACTORS = [
        ({"accuracy": 0.9}, {}, "changes how many runs have the classes and how many learnt automata are the language's"),
        ({}, {}, "no difference that the counts could carry"),
        ({}, None, "not computed"),
    ]

    def test_a_factor_is_decided_wherever_both_counts_are_there(self):
        for varied, base, said in self.FACTORS:
            with self.subTest(said):
                variants = {"recipe": self.run_with(), "width_8": self.run_with(**varied)}
                rows = self.rows_of(**variants, **({} if base is None else {"short": self.run_with(**base)}))
                answers = regular_page.answers({"rows": rows})
                self.assertIn(f"width 8 (1 of 5 patterns): {said}.", answers)
                self.assertNotIn("one head", answers)

    def test_a_variant_is_compared_over_its_own_patterns(self):
        rows = self.rows_of(width_8=self.run_with(), short=self.run_with())
        other = {regular_rows.name_of("ab", "short"): {"runs": {str(seed): self.run_with(accuracy=0.9) for seed in range(5)}}}
        self.assertEqual(regular_figures.verdict({"rows": {**rows, **other}}, "width-8", regular_figures.reaching), "no, p = 1")

    def test_the_page_says_how_much_of_it_is_in(self):
        data = command.store_of(regular).data
        there = sum(len(of["runs"]) for of in data["rows"].values())
        self.assertIn(f"{there} of 305 planned runs are in", regular.document(data))
        row = next(name for name, of in data["rows"].items() if of["runs"])
        fewer = {**data, "rows": {**data["rows"], row: {"runs": {}}}}
        self.assertIn(f"{there - len(data['rows'][row]['runs'])} of 305 planned runs are in", regular.document(fewer))

    def test_star_free_languages_are_named(self):
        said = regular_page.by_length(command.store_of(regular).data)
        self.assertIn("5 star-free languages (tomita-1, tomita-2, tomita-4, tomita-7 and dyck-2-3)", said)
        self.assertIn("not that this width is enough", said)

    def test_patterns_without_another_state_say_so(self):
        data = command.store_of(regular).data
        self.assertIn("With `(a|b)+` there is no other state", regular_page.stateless(data))
        self.assertEqual(regular_page.operator_row(data, "a-or-b-plus")[-3:], ["no other state"] * 3)

    # What of a run that is there differs, and whether it is measured anew.
    KNOWN = [({}, True), ({"weights_hash": "other"}, False), ({"plan_hash": "other"}, False), ({"commit": "abc-dirty"}, False),
             ({"effort": {"seconds": 1}}, False)]

    def test_a_run_is_known_by_plan_weights_effort_and_commit(self):
        row, run, plan = regular_rows.ROWS[0], {"weights_hash": "w"}, {"training": {"steps": 1}}
        entry = {"plan_hash": runs.hash_of(plan), "weights_hash": "w", "effort": regular.effort(row), "commit": "abc"}
        for change, known in self.KNOWN:
            with self.subTest(**change):
                self.assertEqual(regular.is_known({**entry, **change}, row, run, plan), known)
        self.assertFalse(regular.is_known({}, row, run, plan))

    # What took time and was measured anew since is no part of the page.
    def test_time_is_that_of_the_commits_whose_figures_stand(self):
        data = json.loads((FOLDER / "regular.json").read_text())
        seconds = data["processor_seconds"]
        told = regular_page.how(data)
        self.assertEqual(regular_page.how({**data, "processor_seconds": {**seconds, "0" * 12: 1e6}}), told)
        twice = {commit: 2 * of for commit, of in seconds.items()}
        self.assertNotEqual(regular_page.how({**data, "processor_seconds": twice}), told)


class Addition(unittest.TestCase):
    def test_what_is_missing_of_the_planned_seeds_is_said(self):
        some = {model: {"runs": dict.fromkeys(range(count))} for model, count in (("67p", 13), ("122p", 24))}
        whole = {model: {"runs": dict.fromkeys(range(32))} for model in addition.MODELS}
        self.assertIn("Stopped for time, 67p has 13 and 122p has 24 of them. Not run yet: 456p,", addition.missing({"rows": some}))
        self.assertEqual(addition.missing({"rows": {**whole, **some}}),
                         "Planned are 32 seeds of each recipe. Stopped for time, 67p has 13 and 122p has 24 of them.\n\n")
        self.assertEqual(addition.missing({"rows": whole}), "")


class Files(unittest.TestCase):
    def test_the_files_of_ten_states_come_out_again(self):
        found = markov.truth_on_files("mm10")
        stored = command.store_of(markov).data["chains"]["mm10"]["on_files"]
        self.assertEqual(found["validation_sha256"], markov_files.SHA256["mm10"])
        self.assertAlmostEqual(found["perplexity_known_phase"], stored["perplexity_known_phase"], places=9)
        self.assertAlmostEqual(found["counting_kl"]["add_1"], stored["counting_kl"]["add_1"], places=12)

    def test_the_draws_are_those_of_numpy(self):
        generator = markov_files.twister(42)
        self.assertEqual([generator.random() for _ in range(3)], [0.3745401188473625, 0.9507143064099162, 0.7319939418114051])

    def test_a_known_phase_costs_starts_and_transitions_alone(self):
        # Two states that always change, a start law of halves: three chunks of a start each, over three targets.
        blocks = [[2, 0, 1, 0], [2, 1, 0, 1]]
        found = markov_files.known_phase_perplexity([0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], blocks)
        self.assertAlmostEqual(found, 2 ** (1 / 3), places=12)

    # Counting these very chunks is better by about half a nat for each of its five free probabilities, and by no more.
    def test_one_token_in_view_is_the_best_that_counts_the_chunks(self):
        start, matrix, length = [0.3, 0.7], [[0.2, 0.8], [0.6, 0.4]], 4
        generator = markov_files.twister(1)
        blocks = [block for block, _ in zip(markov_files.blocks_of(start, matrix, generator, length), range(600))]
        best = markov_files.one_token_perplexity(start, matrix, blocks)
        stream = [token for block in blocks for token in block]
        chunks = [stream[first:first + length] for first in range(0, len(stream) - length + 1, 2)][:1000]
        pairs = [pair for chunk in chunks for pair in zip(chunk, chunk[1:])]
        counts = {pair: pairs.count(pair) for pair in set(pairs)}
        seen = {state: sum(count for pair, count in counts.items() if pair[0] == state) for state in range(3)}
        nats = -sum(count * math.log(count / seen[pair[0]]) for pair, count in counts.items()) / len(pairs)
        self.assertLess(math.exp(nats), best)
        self.assertLess(len(pairs) * (math.log(best) - nats), 10.0)


if __name__ == "__main__":
    unittest.main()
