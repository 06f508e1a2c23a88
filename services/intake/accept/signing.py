"""One signature for a batch: over the root of the tree whose leaves are its statements."""

from collections.abc import Sequence

from services.intake.accept.store.submissions import Row, Stored
from services.intake.proof import files, merkle
from shared.values.notes import Signer

# Of a submission's facts so many are known only then: the signature, and the place in the tree.
SIGNED = 4


def sign(signer: Signer, rows: Sequence[Row]) -> list[Row]:
    """The rows, each with the signature and its place in the tree; the same rows, the same."""
    root, places = merkle.grow([merkle.leaf_of(row.statement.encode()) for row in rows])
    signature = signer.sign(files.root_text(signer.name, root, len(rows)))
    return [
        Row._make((Stored._make((*facts[:-SIGNED], signature, *place)), *rest))
        for (facts, *rest), place in zip(rows, places, strict=True)
    ]
