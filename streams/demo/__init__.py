"""The main job on example data: broker, worker, real events at speed, and a summary a risk officer understands."""
