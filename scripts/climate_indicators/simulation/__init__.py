"""Simulated worlds whose truth is known: the embedded demo's inputs. Import the module you need; this file imports none."""
