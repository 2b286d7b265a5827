"""Sizes and indices of random graphs, readouts included."""

import re
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from gnnkit._names import SOURCE, TARGET
from gnnkit.graph import GraphTensorSpec, get_aux_type_prefix

_READOUT_EDGES = re.compile(r"(_readout(?::\w+)?)/(\w+)(?:/.*)?")


class Dice:
    """Draws of TensorFlow operations, so that each run of a `tf.function` draws anew."""

    def __init__(self, seed: Any) -> None:
        if seed is None:
            seed = tf.random.uniform([], maxval=tf.int64.max, dtype=tf.int64)
        self._seed = tf.cast(seed, tf.int64)
        self._draws = 0

    def uniform(self, shape: Any, low: int, high: int, dtype: tf.DType = tf.int64) -> tf.Tensor:
        """Numbers in `[low, high)`."""
        self._draws += 1
        return tf.random.stateless_uniform(shape, tf.stack([self._seed, self._draws]), low, high, dtype)

    def below(self, limits: tf.Tensor) -> tf.Tensor:
        """For each entry of `limits` int64 `[n]` a number in `[0, limit)`."""
        return self.uniform(tf.shape(limits), 0, tf.int64.max) % limits


class Layout:
    """How many nodes and edges each component has, and which nodes the edges join; all int64.

    nodes: node set -> sizes `[C]`.
    edges: edge set -> (sizes `[C]`, {tag: indices `[E]`}).
    """

    def __init__(self, spec: GraphTensorSpec, num_components: Any, sizes_range: tuple[int, int], dice: Dice) -> None:
        self._spec, self._num_components, self._range, self._dice = spec, num_components, sizes_range, dice
        self.nodes: dict[str, tf.Tensor] = {}
        self.edges: dict[str, tuple[tf.Tensor, dict[int, tf.Tensor]]] = {}
        readouts, shadows = _readouts(spec), _shadows(spec)
        for name, piece in spec.node_sets_spec.items():
            if name not in readouts and name not in shadows:
                self.nodes[name] = self._sizes(piece.total_size)
        self._join(set(self.nodes))
        for name, edge_set_name in shadows.items():
            self.nodes[name] = self.edges[edge_set_name][0]
        for name, keys in readouts.items():
            self._read_out(name, keys.values())
        self._join(set(self.nodes))

    def _sizes(self, total: int | None, allowed: tf.Tensor | None = None) -> tf.Tensor:
        """Items of each component, 0 where it is not `allowed`; a `total` that is static is spread evenly."""
        if total is None:
            sizes = self._dice.uniform([self._num_components], *self._range)
            return sizes if allowed is None else tf.where(allowed, sizes, 0)
        places = tf.ones([self._num_components], tf.int64) if allowed is None else tf.cast(allowed, tf.int64)
        count = tf.maximum(tf.reduce_sum(places), 1)
        before = tf.cumsum(places, exclusive=True)
        return places * (total // count + tf.cast(before < total % count, tf.int64))

    def _not_empty(self, node_sets: Iterable[str]) -> tf.Tensor:
        """Whether a component has nodes of each of these sets: bool `[C]`."""
        return tf.reduce_all([self.nodes[name] > 0 for name in node_sets], axis=0)

    def _join(self, node_sets: set[str]) -> None:
        """Draws the edge sets that have none yet and join these node sets."""
        for name, piece in self._spec.edge_sets_spec.items():
            ends = piece.adjacency_spec.get_index_specs_dict()
            ends = {tag: node_set_name for tag, (node_set_name, _) in ends.items()}
            if name not in self.edges and node_sets.issuperset(ends.values()):
                sizes = self._sizes(piece.total_size, self._not_empty(ends.values()))
                components = tf.repeat(tf.range(tf.size(sizes)), sizes)
                self.edges[name] = sizes, {tag: self._pick(end, components) for tag, end in ends.items()}

    def _pick(self, node_set_name: str, components: tf.Tensor) -> tf.Tensor:
        """For each entry of `components` int `[E]` a node of it."""
        sizes = self.nodes[node_set_name]
        starts = tf.cumsum(sizes, exclusive=True)
        return tf.gather(starts, components) + self._dice.below(tf.gather(sizes, components))

    def _read_out(self, name: str, keys: Iterable[list[str]]) -> None:
        """Draws readout nodes, and for each key one edge to each of them, from one of the edge sets of the key."""
        sources = {
            edge_set_name: self._spec.edge_sets_spec[edge_set_name].adjacency_spec
            for names in keys
            for edge_set_name in names
        }
        readable = {edge: self.nodes[adjacency.source_name] > 0 for edge, adjacency in sources.items()}
        allowed = tf.reduce_all([tf.reduce_any([readable[edge] for edge in names], axis=0) for names in keys], axis=0)
        sizes = self._sizes(self._spec.node_sets_spec[name].total_size, allowed)
        self.nodes[name] = sizes
        components = tf.repeat(tf.range(tf.size(sizes)), sizes)
        for names in keys:
            scores = self._dice.uniform([tf.size(components), len(names)], 0, 1, tf.float32)
            possible = tf.gather(tf.stack([readable[edge] for edge in names], axis=1), components)
            chosen = tf.argmax(tf.where(possible, scores, -1.0), axis=1)
            for i, edge in enumerate(names):
                target = tf.where(chosen == i)[:, 0]
                where = tf.gather(components, target)
                counts = tf.math.bincount(where, minlength=tf.size(sizes), dtype=tf.int64)
                source = self._pick(sources[edge].source_name, where)
                self.edges[edge] = counts, {SOURCE: source, TARGET: target}


def _readouts(spec: GraphTensorSpec) -> dict[str, dict[str, list[str]]]:
    """Readout node set -> key -> its edge sets. What is not formed as a readout is left out."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, piece in spec.edge_sets_spec.items():
        match, adjacency = _READOUT_EDGES.fullmatch(name), piece.adjacency_spec
        if match and adjacency.tags == (SOURCE, TARGET) and adjacency.target_name == match[1]:
            if not adjacency.source_name.startswith("_readout"):
                found.setdefault(match[1], {}).setdefault(match[2], []).append(name)
    return found


def _shadows(spec: GraphTensorSpec) -> dict[str, str]:
    """Shadow node set -> the edge set (of ordinary node sets) whose edges its nodes stand for."""
    found = {f"_shadow/{name}": name for name in spec.edge_sets_spec}
    return {
        shadow: name
        for shadow, name in found.items()
        if shadow in spec.node_sets_spec
        and all(
            get_aux_type_prefix(node_set_name) is None
            for node_set_name, _ in spec.edge_sets_spec[name].adjacency_spec.get_index_specs_dict().values()
        )
    }
