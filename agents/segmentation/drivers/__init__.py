"""The drivers of a tier change, one kind a file: how far each would have to be otherwise for the change to be undone."""
