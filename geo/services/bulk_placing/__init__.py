"""Place the rows of a file of any size in constant memory."""

from geo.services.bulk_placing.placing import Columns, Summary, place_file

__all__ = ["Columns", "Summary", "place_file"]
