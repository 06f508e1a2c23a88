"""`python -m services.verification`."""

from services.verification.service import NAME, build
from services.verification.settings import Settings
from shared.life import run

if __name__ == "__main__":
    run(NAME, Settings, build)
