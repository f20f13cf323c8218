"""What is written from the code: JSON Schema and AsyncAPI, the page of the settings, that of the features."""
