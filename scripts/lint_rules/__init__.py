"""The rules behind scripts/check-*: plain functions from texts to findings."""
