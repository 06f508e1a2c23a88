"""One signature for a batch: over the root of the tree whose leaves are its statements."""

from collections.abc import Sequence

from services.intake.accept.store.submissions import Row
from services.intake.proof import files, merkle
from services.intake.proof.notes import Signer


def sign(signer: Signer, rows: Sequence[Row]) -> list[Row]:
    """The rows, each with the signature and its place in the tree; the same rows, the same."""
    root, places = merkle.grow([merkle.leaf_of(row.statement.encode()) for row in rows])
    signature = signer.sign(files.root_text(signer.name, root, len(rows)))
    return [
        row._replace(
            facts=row.facts._replace(
                signature=signature,
                leaf_index=place.leaf,
                tree_size=place.size,
                tree_path=place.path,
            )
        )
        for row, place in zip(rows, places, strict=True)
    ]
