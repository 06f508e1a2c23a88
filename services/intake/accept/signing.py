"""One signature for a batch: over the root of the tree whose leaves are its statements."""

from collections.abc import Sequence

from services.intake.accept.store.submissions import Row, Stored
from services.intake.proof import files, merkle
from shared.values.notes import Signer

# Of a submission's facts so many are known only then: the signature, and the place in the tree.
SIGNED = 4


def sign(signer: Signer, rows: Sequence[Row]) -> list[Row]:
    """The rows, each with the signature, its place in the tree and its file; the same, the same."""
    leaves = [row.statement.encode() for row in rows]
    root, places = merkle.grow([merkle.leaf_of(leaf) for leaf in leaves])
    signature = signer.sign(files.root_text(signer.name, root, len(rows)))
    made = files.files_of(leaves, places, root, signer.public, signature)
    return [
        Row._make((Stored._make((*facts[:-SIGNED], signature, *place)), code, said, file, *rest))
        for (facts, code, said, _, *rest), place, file in zip(rows, places, made, strict=True)
    ]
