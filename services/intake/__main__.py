"""`python -m services.intake`"""

from services.intake import NAME
from services.intake.service import build
from services.intake.settings import Settings
from shared.life import run

if __name__ == "__main__":
    run(NAME, Settings, build)
