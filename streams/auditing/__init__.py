"""What was decided, looked at afterwards: verified, explained, exported, redriven; what is wrong with a set-up."""
