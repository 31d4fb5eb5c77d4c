"""Devices that this machine stands in for."""
