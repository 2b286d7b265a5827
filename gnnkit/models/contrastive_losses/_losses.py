"""Losses of representations of clean and corrupted graphs, as functions of tensors."""

from typing import Any

from gnnkit.models.contrastive_losses._examples import as_matrix, ops, shares


def barlow_twins_loss(
    representations_clean: Any,
    representations_corrupted: Any,
    *,
    lambda_: Any = None,
    normalize_batch: bool = True,
    sample_weight: Any = None,
) -> Any:
    """`Σ_i (1 - C_ii)² + λ Σ_{i≠j} C_ij²`, a scalar, with C the correlations `[D, D]` between dimensions of both views.

    representations_clean, representations_corrupted: `[B, D]`.
    lambda_: λ; 1 / D by default.
    normalize_batch: whether C is of representations with mean 0 and variance 1 over the batch, or of them as they are.
    sample_weight: `[B]`, weights of examples in means, variances and C; only their ratios matter.
    ValueError: other shapes.

    Reference: Zbontar et al., Barlow Twins: Self-Supervised Learning via Redundancy Reduction,
    https://arxiv.org/abs/2103.03230.

    >>> x = [[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]
    >>> round(float(barlow_twins_loss(x, x)), 4)
    0.0
    """
    clean, corrupted = _views(representations_clean, representations_corrupted, "barlow_twins_loss")
    share = shares(sample_weight, clean)[:, None]
    if normalize_batch:
        clean, corrupted = _standardized(clean, share), _standardized(corrupted, share)
    dim = clean.shape[1]
    off_diagonal = 1.0 / dim if lambda_ is None else lambda_
    errors = ops.square(ops.matmul(ops.transpose(clean), share * corrupted) - ops.eye(dim, dtype=clean.dtype))
    return (1.0 - off_diagonal) * ops.trace(errors) + off_diagonal * ops.sum(errors)


def vicreg_loss(
    representations_clean: Any,
    representations_corrupted: Any,
    *,
    sim_weight: Any = 25.0,
    var_weight: Any = 25.0,
    cov_weight: Any = 1.0,
    sample_weight: Any = None,
) -> Any:
    """A weighted sum of variance, invariance and covariance terms, a scalar.

    representations_clean, representations_corrupted: `[B, D]`.
    sim_weight: of the mean squared difference between both views.
    var_weight: of the means of `relu(1 - sqrt(variance + 1e-4))` over the dimensions, of both views.
    cov_weight: of the sums of squared covariances of two dimensions, divided by D, of both views.
    sample_weight: `[B]`, weights of examples in all means, variances and covariances; only their ratios matter.
    ValueError: other shapes.

    Reference: Bardes et al., VICReg: Variance-Invariance-Covariance Regularization, https://arxiv.org/abs/2105.04906
    (where covariances are divided by B - 1, not B).

    >>> x = [[2.0, 2.0], [-2.0, 2.0], [2.0, -2.0], [-2.0, -2.0]]
    >>> float(vicreg_loss(x, x))
    0.0
    """
    views = _views(representations_clean, representations_corrupted, "vicreg_loss")
    share = shares(sample_weight, views[0])[:, None]
    similarity = ops.sum(share * ops.mean(ops.square(views[0] - views[1]), axis=1, keepdims=True))
    centered = [x - ops.sum(share * x, axis=0) for x in views]
    variance = sum(_too_little_variance(x, share) for x in centered)
    covariance = sum(_squared_covariances(x, share) for x in centered)
    return sim_weight * similarity + var_weight * variance + cov_weight * covariance


def triplet_loss(positive_distance: Any, negative_distance: Any, margin: float = 1.0) -> Any:
    """`relu(positive_distance - negative_distance + margin)`, for each example: of the shape of the distances.

    >>> import keras
    >>> triplet_loss(keras.ops.array([1.0, 1.0]), keras.ops.array([1.5, 3.0])).numpy().tolist()
    [0.5, 0.0]
    """
    return ops.relu(positive_distance - negative_distance + margin)


def _views(clean: Any, corrupted: Any, who: str) -> tuple[Any, Any]:
    clean, corrupted = as_matrix(clean, who), as_matrix(corrupted, who)
    if clean.shape[1] != corrupted.shape[1]:
        raise ValueError(
            f"{who}: both representations must have the same shape, but have {list(clean.shape)} and "
            f"{list(corrupted.shape)}."
        )
    return clean, corrupted


def _standardized(x: Any, share: Any) -> Any:
    centered = x - ops.sum(share * x, axis=0)
    return centered / ops.sqrt(ops.sum(share * ops.square(centered), axis=0) + 1e-6)


def _too_little_variance(centered: Any, share: Any) -> Any:
    variance = ops.sum(share * ops.square(centered), axis=0)
    return ops.mean(ops.relu(1.0 - ops.sqrt(variance + 1e-4)))


def _squared_covariances(centered: Any, share: Any) -> Any:
    covariance = ops.matmul(ops.transpose(centered), share * centered)
    squares = ops.square(covariance)
    return (ops.sum(squares) - ops.trace(squares)) / centered.shape[1]
