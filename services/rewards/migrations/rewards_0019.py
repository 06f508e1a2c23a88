"""Orders by the vendor's own id, by which some vendors' reports name them."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

BY_REF = """
CREATE INDEX orders_by_ref ON orders (vendor, vendor_ref) WHERE vendor_ref IS NOT NULL
"""


def upgrade() -> None:
    """Add it."""
    run_script(BY_REF)
