"""Telephone calls: a back-to-back user agent over a sans-IO SIP core."""
