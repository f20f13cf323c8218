"""The segmenter's rules, one idea a file: arrears, folding, indicators, watchlist, grades, tiers, lifecycle, reasons."""
