"""`python -m services.rewards`."""

from services.rewards.service import NAME, build
from services.rewards.settings import Settings
from shared.life import run

if __name__ == "__main__":
    run(NAME, Settings, build)
