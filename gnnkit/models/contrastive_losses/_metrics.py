"""How good representations are, without labels."""

from typing import Any

from gnnkit.models.contrastive_losses._examples import as_matrix, ops


def self_clustering(representations: Any, *, subtract_mean: bool = False, **_: Any) -> Any:
    """How much representations, as unit vectors, lie together: about 0 for random directions, 1 for a single point.

    `(S - E) / (B² - E)`, with S the sum of squared cosines of all pairs and E its expectation for random directions.
    NaN or infinite for one example or one dimension, NaN with a zero row; 1 where all rows are zero or NaN.

    representations: `[B, D]`.
    subtract_mean: whether to subtract the mean of the batch first.
    ValueError: another rank.

    Reference: Tsitsulin et al., Unsupervised Embedding Quality Evaluation, https://arxiv.org/abs/2305.16562.

    >>> float(self_clustering([[1.0, 2.0], [1.0, 2.0], [2.0, 4.0]]))
    1.0
    """
    x = as_matrix(representations, "self_clustering")
    if subtract_mean:
        x = x - ops.mean(x, axis=0, keepdims=True)
    num, dim = (ops.cast(n, x.dtype) for n in ops.shape(x))
    directions = x / ops.norm(x, axis=1, keepdims=True)
    cosines = ops.matmul(directions, ops.transpose(directions))
    expected = num + num * (num - 1.0) / dim
    result = (ops.sum(ops.square(cosines)) - expected) / (num * num - expected)
    return ops.where(ops.all(ops.isnan(directions)), ops.ones_like(result), result)


def pseudo_condition_number(representations: Any, *, sigma: Any = None, u: Any = None) -> Any:
    """The largest singular value over the smallest; 0 if that is 0. Unstable for small batches.

    representations: `[B, D]`.
    sigma: their singular values, descending, if known. u: unused.
    ValueError: another rank, no rows or no columns.

    >>> float(pseudo_condition_number([[3.0, 0.0], [0.0, 2.0]]))
    1.5
    """
    x = as_matrix(representations, "pseudo_condition_number")
    _check_not_empty(x, "pseudo_condition_number")
    sigma = _singular_values(x, sigma)
    return ops.divide_no_nan(sigma[0], sigma[-1])


def numerical_rank(representations: Any, *, sigma: Any = None, u: Any = None) -> Any:
    """An estimate of the rank: the sum of all squares over the largest squared singular value; 0 for zeros.

    representations, sigma, u, ValueError: see `pseudo_condition_number`.

    >>> float(numerical_rank([[2.0, 0.0], [0.0, 2.0]]))
    2.0
    """
    x = as_matrix(representations, "numerical_rank")
    _check_not_empty(x, "numerical_rank")
    sigma = _singular_values(x, sigma)
    return ops.divide_no_nan(ops.sum(ops.square(x)), ops.square(sigma[0]))


def rankme(representations: Any, *, sigma: Any = None, u: Any = None, epsilon: float = 1e-12, **_: Any) -> Any:
    """A smooth rank: the exponential of the entropy of the singular values, which are divided by their sum.

    representations: `[B, D]`.
    sigma: their singular values, if known. u: unused.
    epsilon: added to the shares.
    ValueError: another rank.

    Reference: Garrido et al., RankMe, https://arxiv.org/abs/2210.02885.

    >>> round(float(rankme([[2.0, 0.0], [0.0, 2.0]])), 4)
    2.0
    """
    sigma = _singular_values(as_matrix(representations, "rankme"), sigma)
    share = ops.divide_no_nan(sigma, ops.sum(sigma)) + epsilon
    return ops.exp(-ops.sum(share * ops.log(share)))


def coherence(representations: Any, *, sigma: Any = None, u: Any = None) -> Any:
    """How much the representations depend on single examples: the largest squared norm of a row of U, times B / K.

    Between 1 and B / K. K is the number of singular values, min(B, D).

    representations: `[B, D]`.
    u: their left singular vectors `[B, K]`, if known. sigma: unused.
    ValueError: another rank, no rows or no columns.

    Reference: see `self_clustering`.

    >>> round(float(coherence([[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]])), 4)
    1.5
    """
    x = as_matrix(representations, "coherence")
    _check_not_empty(x, "coherence")
    if u is None:
        u, _, _ = ops.svd(x, full_matrices=False)
    return largest_leverage(u, *ops.shape(x))


def largest_leverage(u: Any, num: Any, dim: Any) -> Any:
    """`coherence` of `num` rows and `dim` columns, from singular vectors `[B, K]`."""
    num, dim = ops.cast(num, u.dtype), ops.cast(dim, u.dtype)
    return ops.max(ops.sum(ops.square(u), axis=1)) * ops.divide_no_nan(num, ops.minimum(num, dim))


def _singular_values(x: Any, sigma: Any) -> Any:
    return ops.svd(x, full_matrices=False, compute_uv=False) if sigma is None else ops.convert_to_tensor(sigma)


def _check_not_empty(x: Any, who: str) -> None:
    if 0 in x.shape:
        raise ValueError(f"{who}: representations must have rows and columns, but have shape {list(x.shape)}.")
