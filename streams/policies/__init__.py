"""Policy files: read, their errors told by path, compared with another, published into the log."""
