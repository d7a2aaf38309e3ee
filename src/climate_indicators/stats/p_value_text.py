"""P-values as text."""


def p_text(p_value: float) -> str:
    """P-value with two significant digits; ``p < 0.0001`` below that."""
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"
