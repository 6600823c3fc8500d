"""Why a contact was served when it was, and by whom: its journal is replayed, and the state is asked."""
