"""Waiting, but not for ever: what whoever waited is told."""

import pytest

from shared.errors import Unavailable
from shared.patience import within


async def test_a_refusal_keeps_its_own_words() -> None:
    """That signing in is busy is not told as any part that is away."""

    async def busy() -> None:
        raise Unavailable("refused.sign_in_busy")

    with pytest.raises(Unavailable) as told:
        await within(60, busy())
    assert "refused.sign_in_busy" == told.value.key
