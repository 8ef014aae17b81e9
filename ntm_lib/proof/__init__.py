"""Proofs that a trained machine copies every sequence: a small checker, a prover, and the program that a machine is."""
