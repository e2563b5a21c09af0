"""Maps on paper: the notice board (网格公示牌) of a grid or a community as a PDF, drawn as vectors."""
