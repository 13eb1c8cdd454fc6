"""python3 -m unittest discover -s bench/results: each page is what its figures give, and notices a figure that was altered."""

import copy
import importlib.util
import json
import math
import pathlib
import tempfile
import unittest
import unittest.mock

import markov
import markov_files
import regular_figures
import regular_page
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


class Verdicts(unittest.TestCase):
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
    def run_with(accuracy=1.0, probe=1.0, missed=0.0, following=0.0, beyond=0):
        figure = {"value": accuracy, "low": accuracy, "high": accuracy, "optimum": 1.0, "baseline": 0.5}
        here = {"follows": 1.0, "untouched": 0.0, "random_subspace": 0.0}
        probes = {"accuracy": probe, "shuffled_accuracy": 0.3, "random_start_accuracy": 0.6}
        return {
            "figures": {"class_accuracy": figure, "excess_loss": {**figure, "value": 1 - accuracy}},
            "extract": {"equals_truth": accuracy == 1.0, "shortest_disagreement": None},
            "compare": {
                "chance": 0.4,
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
        ({}, "transition operators: yes", "transition operators: no"),
        ({"missed": 0.2}, "transition operators: no", "transition operators: yes"),
        ({}, "finds it anew from the whole word", "still is, at"),
        ({"following": 0.9}, "still is, at", "finds it anew"),
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
        self.assertIn("Of 0 runs whose behaviour", said)


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
