"""Requests: retries, time limits, resumed downloads, logins."""
