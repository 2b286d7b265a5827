"""A generated graph of papers, authors, institutions and fields, whose labels are two hops away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from gnnkit.datasets._words import names, phrases
from gnnkit.samplers._tables import EdgeTable, GraphTables, NodeTable
from gnnkit.samplers._write_tables import schema_of

# How strongly things hang together; chosen so that, with the default sizes, a model of the papers' features gets about
# a third of the labels right, one that sees their neighbours about half, and one that sees institutions most of them.
_SAME_AUTHORS = 0.85  # Authors of a paper that come from its community.
_SAME_INSTITUTION = 0.92  # Affiliations within the author's community.
_SAME_COUNTRY = 0.95  # Institutions in a country of their community.
_SAME_CITED = 0.3  # Citations within the community, beyond chance.
_SAME_FIELD = 0.15
_SAME_VENUE = 0.1
_LABEL_NOISE = 0.04
_SIGNAL = 0.8  # Length of the class means of `embedding`, whose noise has variance 1 in every direction.
_COUNTRIES_A_CLASS = 4
_NUM_VENUES = 24


def academic_graph(
    *,
    num_papers: int = 4_000,
    num_authors: int = 5_000,
    num_institutions: int = 240,
    num_fields: int = 120,
    num_classes: int = 6,
    feature_dim: int = 32,
    seed: int = 0,
) -> GraphTables:
    """Generates an academic graph with planted communities.

    A paper's `label` is the community that most institutions of its authors belong to (with some noise): it takes the
    hops paper -> author -> institution to see it. A model of the papers' own features stays far below.

    Node sets: `paper` (`embedding` float32 `[F]`, `year` int64, `title`, `venue`, `label` int64, `split`: train, valid
    or test), `author` (`name`, `first_year` int64), `institution` (`name`, `country`), `field` (`name`).
    Edge sets: `cites`, `written_by` (paper to author, with `position` int64), `writes` (its reverse), `affiliated_with`
    (author to institution), `has_topic` (paper to field).

    feature_dim: F. seed: of NumPy's generator; the same arguments give the same graph.

    Raises ValueError for sizes that leave a community empty.

    >>> tables = academic_graph(num_papers=100, num_authors=150)
    >>> tables.node_sets["paper"].features["embedding"].shape, sorted(tables.edge_sets)
    ((100, 32), ['affiliated_with', 'cites', 'has_topic', 'writes', 'written_by'])
    """
    sizes = {
        "num_papers": num_papers,
        "num_authors": num_authors,
        "num_institutions": num_institutions,
        "num_fields": num_fields,
    }
    if num_classes < 2:
        raise ValueError(f"num_classes={num_classes}: expected 2 or more.")
    if feature_dim < 1:
        raise ValueError(f"feature_dim={feature_dim}: expected 1 or more.")
    for name, size in sizes.items():
        if size < num_classes:
            raise ValueError(f"{name}={size} is less than num_classes={num_classes}: some community would be empty.")
    rng = np.random.default_rng(seed)
    institutions = _Communities(rng, num_institutions, num_classes)
    authors = _Communities(rng, num_authors, num_classes)
    fields = _Communities(rng, num_fields, num_classes)
    topic = rng.integers(num_classes, size=num_papers)  # The community that a paper springs from.
    year = np.sort(2000 + (25 * rng.random(num_papers) ** 0.7).astype(np.int64))

    affiliated = _pairs(
        *_links(rng, authors.of, institutions, 1 + rng.binomial(2, 0.25, num_authors), _SAME_INSTITUTION)
    )
    written = _pairs(*_links(rng, topic, authors, 1 + rng.poisson(2.2, num_papers), _SAME_AUTHORS, skew=1.6))
    label = _labels(rng, written, affiliated, institutions.of, num_papers, num_classes)
    cites = _citations(rng, label, num_classes)
    topics = _pairs(*_links(rng, label, fields, 1 + rng.binomial(3, 0.4, num_papers), _SAME_FIELD, skew=1.3))

    paper_features = {
        "embedding": _embedding(rng, label, num_classes, feature_dim),
        "year": year,
        "title": phrases(rng, num_papers, 4),
        "venue": names(rng, _NUM_VENUES, b"J. ")[_related(rng, label, num_classes, _NUM_VENUES, _SAME_VENUE)],
        "label": label,
        "split": _splits(rng, num_papers),
    }
    countries = names(rng, _COUNTRIES_A_CLASS * num_classes, b"")
    country = countries[_related(rng, institutions.of, num_classes, len(countries), _SAME_COUNTRY)]
    first_year = np.full(num_authors, 2025, np.int64)
    np.minimum.at(first_year, written[1], year[written[0]])
    position = _positions(written[0])
    tables = GraphTables(
        node_sets={
            "paper": _nodes(b"P", num_papers, paper_features),
            "author": _nodes(b"A", num_authors, {"name": phrases(rng, num_authors, 2), "first_year": first_year}),
            "institution": _nodes(
                b"I", num_institutions, {"name": names(rng, num_institutions, b"U. "), "country": country}
            ),
            "field": _nodes(b"F", num_fields, {"name": names(rng, num_fields, b"")}),
        },
        edge_sets={
            "cites": EdgeTable(source_set="paper", target_set="paper", source=cites[0], target=cites[1]),
            "written_by": _edges("paper", "author", written, {"position": position}),
            "writes": _edges("author", "paper", written[::-1], {"position": position}),
            "affiliated_with": _edges("author", "institution", affiliated, {}),
            "has_topic": _edges("paper", "field", topics, {}),
        },
    )
    return tables.replace(schema=schema_of(tables))


@final
class _Communities:
    """Items in communities of equal size: `of` int64 `[N]`, and the members of each."""

    def __init__(self, rng: np.random.Generator, count: int, num_classes: int):
        self.of = rng.permutation(np.arange(count) % num_classes)
        self.members = np.argsort(self.of, kind="stable")
        self.sizes = np.bincount(self.of, minlength=num_classes)
        self.starts = np.cumsum(self.sizes) - self.sizes


def _links(
    rng: np.random.Generator,
    community: np.ndarray,
    targets: _Communities,
    counts: np.ndarray,
    same: float,
    skew: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """`counts[i]` targets for each item, a share `same` of them from its community. skew > 1: some are popular."""
    source = np.repeat(np.arange(len(community)), counts)
    wanted = np.where(
        rng.random(len(source)) < same, community[source], rng.integers(len(targets.sizes), size=len(source))
    )
    place = (targets.sizes[wanted] * rng.random(len(source)) ** skew).astype(np.int64)
    return source, targets.members[targets.starts[wanted] + place]


def _pairs(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each pair once; sources in order, targets in the order of their drawing."""
    width = int(target.max(initial=0)) + 1
    _, first = np.unique(source * width + target, return_index=True)
    first.sort()
    return source[first], target[first]


def _labels(
    rng: np.random.Generator,
    written: tuple[np.ndarray, np.ndarray],
    affiliated: tuple[np.ndarray, np.ndarray],
    institution_of: np.ndarray,
    num_papers: int,
    num_classes: int,
) -> np.ndarray:
    num_authors = int(max(written[1].max(), affiliated[0].max())) + 1
    author_votes = np.zeros((num_authors, num_classes))
    np.add.at(author_votes, (affiliated[0], institution_of[affiliated[1]]), 1)
    votes = np.zeros((num_papers, num_classes))
    np.add.at(votes, written[0], author_votes[written[1]])
    votes += 0.1 * rng.random(votes.shape)  # Breaks ties.
    noisy = rng.random(num_papers) < _LABEL_NOISE
    return np.where(noisy, rng.integers(num_classes, size=num_papers), votes.argmax(1)).astype(np.int64)


def _citations(rng: np.random.Generator, label: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Papers cite earlier ones, the older of which have been cited more."""
    count = len(label)
    source = np.repeat(np.arange(count), rng.poisson(7, count))
    order = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[order], np.arange(num_classes))
    rank = np.empty(count, np.int64)  # Place among the papers of the same label, by time.
    rank[order] = np.arange(count) - starts[label[order]]
    same = (rng.random(len(source)) < _SAME_CITED) & (rank[source] > 0)
    at = rng.random(len(source)) ** 1.3
    target = np.where(
        same,
        order[starts[label[source]] + (rank[source] * at).astype(np.int64)],
        (source * at).astype(np.int64),
    )
    keep = target < source  # The first paper cites none.
    return _pairs(source[keep], target[keep])


def _related(rng: np.random.Generator, community: np.ndarray, num_classes: int, kinds: int, same: float) -> np.ndarray:
    """A category out of `kinds` for each item; a share `same` of them from those of its community."""
    free = rng.integers(kinds, size=len(community))
    a_class = kinds // num_classes
    if not a_class:
        return free
    own = community * a_class + rng.integers(a_class, size=len(community))
    return np.where(rng.random(len(community)) < same, own, free)


def _embedding(rng: np.random.Generator, label: np.ndarray, num_classes: int, dim: int) -> np.ndarray:
    means = rng.normal(size=(num_classes, dim))
    means *= _SIGNAL / np.linalg.norm(means, axis=1, keepdims=True)
    return (means[label] + rng.normal(size=(len(label), dim))).astype(np.float32)


def _splits(rng: np.random.Generator, count: int) -> np.ndarray:
    kinds = np.array([b"train", b"valid", b"test"], object)
    bounds = [round(0.6 * count), round(0.8 * count)]
    return kinds[rng.permutation(np.searchsorted(bounds, np.arange(count), side="right"))]


def _positions(source: np.ndarray) -> np.ndarray:
    """0, 1, ... within each run of equal sources."""
    starts = np.searchsorted(source, source)
    return np.arange(len(source)) - starts


def _nodes(letter: bytes, count: int, features: Mapping[str, Any]) -> NodeTable:
    ids = np.empty(count, object)
    ids[:] = [b"%s%d" % (letter, i) for i in range(count)]
    return NodeTable(num_nodes=count, ids=ids, features=features)


def _edges(source: str, target: str, pairs: tuple[np.ndarray, ...], features: Mapping[str, Any]) -> EdgeTable:
    return EdgeTable(source_set=source, target_set=target, source=pairs[0], target=pairs[1], features=features)
