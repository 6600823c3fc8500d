"""The site file: read, checked, and made into frozen objects."""
