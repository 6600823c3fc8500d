"""The names that the parts of a desk are known by."""

from typing import NewType

TenantId = NewType("TenantId", str)
LineId = NewType("LineId", str)
EntryId = NewType("EntryId", str)
CalendarId = NewType("CalendarId", str)
IncidentId = NewType("IncidentId", str)
TreatmentId = NewType("TreatmentId", str)
