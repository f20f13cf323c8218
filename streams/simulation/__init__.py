"""A core bank under load: clients with a hidden credit quality that drives every stream, defaults known."""
