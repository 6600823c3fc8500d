"""Questions to the journal: KPIs of some days, the history of a contact, why it was offered to whom."""
