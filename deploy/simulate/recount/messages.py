"""Rule 9: whom an SMS thanks, and who hears that the airtime has arrived."""

from deploy.simulate.recount.money import Money
from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Story, mobile

Message = tuple[str, str]
PURPOSES = ("thanks", "paid")


def expected(stories: Stories, money: Money) -> set[Message]:
    """Case and purpose, each once: a complainant whose phone takes SMS, and who was paid."""
    thanks = {(story.case, "thanks") for story in stories if _thanked(stories, story)}
    return thanks | {
        (case, "paid") for case, reward in money.rewards.items() if reward.state == "paid"
    }


def _thanked(stories: Stories, story: Story) -> bool:
    told = (stories.phone(story, effect.at) for effect in story.effects)
    return story.complaint and any(map(mobile, told))
