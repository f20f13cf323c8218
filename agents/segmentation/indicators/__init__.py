"""Early-warning indicators: one small rule each, grouped by what moves them."""
