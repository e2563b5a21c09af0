"""What is asked about a notice board."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from geo.services.notice_boards import Asked
from maps.printing.paper import Paper


class BoardQuery(BaseModel):
    """The paper, and which borders and people stand on it."""

    model_config = ConfigDict(extra="forbid")

    paper: Paper = Field(default=Paper.A4, description="Its orientation follows the shape")
    layer: str | None = Field(default=None, max_length=50, description="Code of a layer; the city's primary one")
    as_of: AwareDatetime | None = Field(default=None, description="Borders, branches and people of then")
    phones: bool = Field(default=False, description="Print phone numbers; asks for `issues.read_personal` there")

    def asked(self) -> Asked:
        """Give what the service is asked."""
        return Asked(self.layer, self.as_of, self.phones)
