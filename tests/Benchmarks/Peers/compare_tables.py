#!/usr/bin/env python3
"""Compares NnCluster's defaults on tables with scikit-learn's, on the same rows.

    dotnet build -c Release
    python3 tests/Benchmarks/Peers/compare_tables.py DIR [SEED ...]

writes the tables iris, wine, cancer, digits, diabetes (bundled with scikit-learn) and patients (made here, with categories and
missing values) to DIR as CSV. For each table and split seed (1 to 5) it trains with no option but --dataset, --target and --split-seed, and
scikit-learn's MLPClassifier or MLPRegressor with its defaults behind StandardScaler on the same training rows: missing numbers
become the mean, missing texts the most frequent one, texts are one-hot encoded. It prints the medians over the seeds: test accuracy, or R².
MLPRegressor does not scale its targets; the last column is the one that does (TransformedTargetRegressor).
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from sklearn import datasets
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
PROGRAM = ["dotnet", os.path.join(ROOT, "src", "Cli", "bin", "Release", "net10.0", "nncluster.dll")]
BENCHMARKS = ["dotnet", os.path.join(ROOT, "tests", "Benchmarks", "bin", "Release", "net10.0", "NnCluster.Benchmarks.dll")]


def bundled(load, target):
    data = load()
    names = [str(name).replace(",", "") for name in getattr(data, "feature_names", range(data.data.shape[1]))]
    if hasattr(data, "target_names") and target == "kind":
        answers = [str(data.target_names[i]) for i in data.target]
    else:
        answers = [repr(float(value)) for value in data.target]
    header = [f"feature {name}" if name.isdigit() else name for name in names] + [target]
    return header, [[repr(float(value)) for value in row] + [answer] for row, answer in zip(data.data, answers)]


def patients(rows=1200):
    """Numbers, categories and missing values; the answer depends on both, with noise."""
    random = np.random.default_rng(1)
    wards, effects = ["north", "south", "east", "west", "day clinic"], [0.8, -0.6, 0.0, 0.4, -1.2]
    smoker = ["never", "former", "current"]
    table = []
    for _ in range(rows):
        ward, smoking = random.integers(5), random.choice(3, p=[0.5, 0.3, 0.2])
        age, pressure = random.normal(55, 15), random.normal(130, 18)
        score = (age - 55) / 12 + (pressure - 130) / 25 + effects[ward] + 0.9 * (smoking == 2) - 0.5 * (smoking == 0)
        score += 0.8 * ((age > 65) and (smoking == 2)) + random.normal(0, 0.8)
        answer = "low" if score < -0.6 else "medium" if score < 0.8 else "high"
        cells = [f"{age:.1f}", f"{pressure:.0f}", wards[ward], smoker[smoking], f"{random.normal():.3f}"]
        table.append(["" if random.random() < 0.06 else cell for cell in cells] + [answer])
    return ["age", "blood pressure", "ward", "smoking", "noise", "risk"], table


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def features(header, rows):
    columns = list(zip(*[row[:-1] for row in rows]))
    numeric = [all(cell == "" or is_number(cell) for cell in column) for column in columns]
    matrix = np.array([[(np.nan if cell == "" else float(cell)) if numeric[i] else (np.nan if cell == "" else cell)
                        for i, cell in enumerate(row[:-1])] for row in rows], dtype=object)
    numbers = make_pipeline(SimpleImputer(strategy="mean"), StandardScaler())
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse=False))
    prepare = ColumnTransformer([
        ("numbers", numbers, [i for i, is_n in enumerate(numeric) if is_n]),
        ("texts", texts, [i for i, is_n in enumerate(numeric) if not is_n]),
    ])
    return matrix, prepare


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def train(path, target, seed, directory):
    out = os.path.join(directory, "run")
    result = subprocess.run(
        [*PROGRAM, "train", "--dataset", path, "--target", target, "--split-seed", str(seed), "--json", "--out", out],
        capture_output=True, text=True, check=True)
    metrics = json.loads(result.stdout)["metrics"]
    return metrics.get("accuracy", metrics.get("r2"))


def peer(rows, header, test, regression, scaled=False):
    matrix, prepare = features(header, rows)
    answers = np.array([float(row[-1]) if regression else row[-1] for row in rows])
    is_test = np.zeros(len(rows), bool)
    is_test[test] = True
    network = MLPRegressor(random_state=1) if regression else MLPClassifier(random_state=1)
    model = make_pipeline(prepare, TransformedTargetRegressor(network, transformer=StandardScaler()) if scaled else network)
    model.fit(matrix[~is_test], answers[~is_test])
    return model.score(matrix[is_test], answers[is_test])


def main():
    warnings.filterwarnings("ignore")
    directory = sys.argv[1]
    seeds = [int(seed) for seed in sys.argv[2:]] or [1, 2, 3, 4, 5]
    os.makedirs(directory, exist_ok=True)
    tables = {
        "iris": bundled(datasets.load_iris, "kind"),
        "wine": bundled(datasets.load_wine, "kind"),
        "cancer": bundled(datasets.load_breast_cancer, "kind"),
        "digits": bundled(datasets.load_digits, "kind"),
        "diabetes": bundled(datasets.load_diabetes, "progression"),
        "patients": patients(),
    }
    print("table | NnCluster | scikit-learn | one test row | scikit-learn with scaled targets | each split: ours/theirs")
    for name, (header, rows) in tables.items():
        path = os.path.join(directory, f"{name}.csv")
        write(path, header, rows)
        target, regression = header[-1], name == "diabetes"
        splits = subprocess.run(
            [*BENCHMARKS, "splits", path, target, *map(str, seeds)], capture_output=True, text=True, check=True).stdout.splitlines()
        ours, theirs, scaled = [], [], []
        for seed, line in zip(seeds, splits):
            test = [int(row) for row in line.split()]
            with tempfile.TemporaryDirectory() as scratch:
                ours.append(train(path, target, seed, scratch))
            theirs.append(peer(rows, header, test, regression))
            if regression:
                scaled.append(peer(rows, header, test, regression, scaled=True))
        row_worth = "" if regression else f"{1 / len(test):.4f}"
        print(f"{name} | {np.median(ours):.4f} | {np.median(theirs):.4f} | {row_worth} | "
              f"{f'{np.median(scaled):.4f}' if scaled else ''} | "
              + " ".join(f"{a:.3f}/{b:.3f}" for a, b in zip(ours, theirs)), flush=True)


if __name__ == "__main__":
    main()
