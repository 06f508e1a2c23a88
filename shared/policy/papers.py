"""What stands on numbered documents."""

from shared.policy.kinds import Text
from shared.policy.section import Part


class Marks(Part):
    """What the numbers of documents begin with that follow from verdicts."""

    criticism: Text = "公通"
    accountability: Text = "公责"
    transfer: Text = "公调"
    interview: Text = "公约"
    clearing: Text = "公澄"
    alert: Text = "公报"
    inspection: Text = "公检"


class Papers(Part):
    """How numbered documents are headed: who issues them, the mark of their numbers, who prints.

    `mark` is that of supervision notices.
    """

    issuer: Text = "公安局"
    mark: Text = "公督"
    marks: Marks = Marks()
    office: Text = "窗口服务监督办公室"
