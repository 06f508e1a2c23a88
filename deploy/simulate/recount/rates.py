"""Rules 4, 5 and 16: what was received, called back, verified, found true, answered by citizens."""

from deploy.simulate.recount.stories import Stories

Figures = dict[str, int]


def desk(stories: Stories) -> Figures:
    """As things stand at the desk; all but cases, in_review and open count complaints."""
    complaints = [story for story in stories if story.complaint]
    closed = [story for story in complaints if story.state == "verified"]
    true = [story for story in closed if story.counts]
    rated = [story.rating for story in closed if story.rating]
    return {
        "cases": len(stories.of),
        "complaints": len(complaints),
        "called_back": sum(story.callback == "reached" for story in complaints),
        "verified": len(closed),
        "substantiated": len(true),
        "partly": sum(story.ruling is not None and story.ruling.verdict == "partly"
                      for story in true),
        "in_review": sum(story.state == "in_review" for story in stories),
        "open": sum(story.state == "open" for story in stories),
        "rated": len(rated),
        "solved": sum(one.solved is True for one in rated),
        "not_solved": sum(one.solved is False for one in rated),
        "satisfied": sum(one.satisfied is True for one in rated),
        "withdrawn": sum(story.withdrawn for story in complaints),
    }  # fmt: skip


def ever(stories: Stories) -> Figures:
    """What happened to complaints, whatever is open again now."""
    complaints = [story for story in stories if story.complaint]
    judged = [story for story in complaints if story.effects]
    calls = [(story, *story.calls[-1]) for story in complaints if story.calls]
    reached = [one for one in calls if one[3] == "reached"]
    rated = [story.rating for story in complaints if story.rating]
    return {
        "cases": len(stories.of),
        "complaints": len(complaints),
        "called_back": len(reached),
        "called_back_in_time": sum(call.at <= due for _, call, due, _ in reached),
        "called_back_same_day": sum(
            story.edition.day(call.at) == story.edition.day(story.filed.at)
            for story, call, _, _ in reached
        ),
        "verified": len(judged),
        "substantiated": sum(story.counts for story in judged),
        "rated": len(rated),
        "solved": sum(one.solved is True for one in rated),
        "not_solved": sum(one.solved is False for one in rated),
        "satisfied": sum(one.satisfied is True for one in rated),
        "not_satisfied": sum(one.satisfied is False for one in rated),
    }
