"""Beside `programs`, which the tests in all folders here import."""
