"""`python -m services.notifications`."""

from services.notifications.service import NAME, build
from services.notifications.settings import Settings
from shared.life import run

if __name__ == "__main__":
    run(NAME, Settings, build)
