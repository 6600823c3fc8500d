"""Where personal data lives: parties and documents, encrypted with one key per contact."""
