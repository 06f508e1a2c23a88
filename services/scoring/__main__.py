"""`python -m services.scoring`."""

from services.scoring.service import NAME, build
from services.scoring.settings import Settings
from shared.life import run

if __name__ == "__main__":
    run(NAME, Settings, build)
