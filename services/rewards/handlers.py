"""What rewards does when it hears something."""

from collections.abc import Set
from dataclasses import replace
from uuid import UUID

from services.rewards import deciding, moves
from services.rewards.phones import refuse_again
from services.rewards.rebinding import Rebinding
from services.rewards.rules import entitlement
from services.rewards.rules.payouts import Reward, move
from services.rewards.rules.states import Aside
from services.rewards.store import (
    contacts,
    directory,
    erasures,
    incidents,
    phones,
    rewards,
    usage,
)
from shared import policy
from shared.db import Connection
from shared.events import CaseVerified, ContactBound, ContactErased, Event, IncidentChanged
from shared.keeping import keep
from shared.observe import log, trace
from shared.policy import Policies
from shared.values import phone
from shared.values.seal import Seal


async def lock_first(conn: Connection, kinds: Set[type[Event]]) -> None:
    """The lock on decisions comes before any row's."""
    if not kinds.isdisjoint((CaseVerified, ContactBound, IncidentChanged)):
        await rewards.lock_decisions(conn)


# Who may see a unit's rewards follows from its place; top-ups to the roster's phones are held.
on_unit_changed = keep(directory.mark_unit)
on_officer_changed = keep(directory.mark_officer)


async def on_contact_erased(conn: Connection, event: ContactErased) -> None:
    """Forget the phone, as soon as nothing is owed (see `jobs`)."""
    await erasures.hear(conn, event.submission_id)
    log.get().info("erasure heard", submission_id=str(event.submission_id))


async def on_case_verified(
    policies: Policies, seal: Seal, conn: Connection, event: CaseVerified
) -> None:
    """Make, renew or withdraw the reward of a case, by the policy of the day it was received."""
    await rewards.lock_decisions(conn)
    if not await directory.mark_verdict(conn, event.case_id, event.revision):
        log.get().info("verdict superseded", case_id=str(event.case_id), version=event.revision)
        return
    await _take(policies, seal, conn, event)


async def on_contact_bound(
    policies: Policies, seal: Seal, conn: Connection, event: ContactBound
) -> None:
    """Keep the phone, and take up the reward that waits for it, or for another than it has."""
    await rewards.lock_decisions(conn)
    if not await contacts.add(conn, event):
        return
    log.get().info("phone bound", submission_id=str(event.submission_id))
    if await refuse_again(conn, event):
        return
    reward = await rewards.claim_by_submission(conn, event.submission_id)
    if waiting := await contacts.get_waiting(conn, event.submission_id):
        await _take(policies, seal, conn, waiting)
    elif reward:
        await Rebinding(policies, seal).hear(conn, reward, event)
    elif phone.use_sealed(seal, event.phone_sealed, event.submission_id).airtime:
        await phones.add(conn, deciding.check(event))


async def _take(policies: Policies, seal: Seal, conn: Connection, event: CaseVerified) -> None:
    """What the newest verdict of a case does to its reward, with the phone that counts now."""
    edition = policies.at(event.received_at)
    contact = await contacts.get(conn, event.submission_id)
    event = entitlement.with_contact(event, contact)
    incident_id = await incidents.get_incident(conn, event.case_id) or event.incident_id
    event = event.model_copy(update={"incident_id": incident_id})
    await _bring(conn, event.case_id, incident_id, edition.reward)
    reward = await rewards.claim_by_case(conn, event.case_id)
    use = await _use(conn, event, seal)
    waits = entitlement.earned(event, edition.reward) and not entitlement.has_phone(event, use)
    await contacts.mark_waiting(conn, event, waits=waits)
    entitled = entitlement.is_entitled(event, edition.reward, use)
    state, withdrawn = (reward.state, bool(reward.withdrawn_at)) if reward else (None, False)
    match entitlement.answer_to_verdict(entitled, state, withdrawn):
        case "make":
            await _make(conn, event, edition, deciding.near(event, seal))
        case "renew" if reward:
            await _renew(conn, event, edition, reward, deciding.near(event, seal))
        case "withdraw" if reward:
            await _withdraw(conn, reward)
        case ("note" | "reinstate") as answer if reward:
            word: Aside = "withdrawn" if answer == "note" else "reinstated"
            noted = await moves.note(conn, reward, word, await rewards.get_now(conn))
            if contact:
                await Rebinding(policies, seal).hear(conn, noted, contact)
        case _:
            log.get().info(
                "reward unchanged", case_id=str(event.case_id), state=reward and reward.state
            )
    kept_from = sorted({*event.kept_from, *event.officers})
    await rewards.set_people(conn, event.case_id, kept_from, event.verified_by)


async def _use(conn: Connection, event: CaseVerified, seal: Seal) -> phone.Use | None:
    if not (sealed := event.phone_sealed):
        return None
    if await phones.is_refused(conn, event.submission_id, event.phone_index):
        return phone.USES["refused"]
    return phone.use_sealed(seal, sealed, event.submission_id)


async def on_incident_changed(policies: Policies, conn: Connection, event: IncidentChanged) -> None:
    """Count the caps anew where cases were joined or taken apart; what has left stays as it is."""
    await rewards.lock_decisions(conn)
    if not await incidents.mark_incident(conn, event):
        log.get().info("incident superseded", case_id=str(event.case_id), version=event.version)
        return
    rule = policies.at(event.received_at).reward
    await _bring(conn, event.case_id, event.incident_id, rule)


async def _bring(conn: Connection, case_id: UUID, incident_id: UUID, rule: policy.Reward) -> None:
    reward = await rewards.claim_by_case(conn, case_id)
    if reward is None or reward.incident_id == incident_id:
        return
    await incidents.set_incident(conn, case_id, incident_id)
    for changed in (reward.incident_id, incident_id):
        await _keep_caps(conn, changed, rule)
    log.get().info("incident changed", case_id=str(case_id), reward_id=str(reward.id))


async def _keep_caps(conn: Connection, incident_id: UUID, rule: policy.Reward) -> None:
    """Hold the latest that are too many; where there is room again, schedule the earliest held."""
    undecided = await incidents.claim_undecided(conn, incident_id)
    for reward in reversed(undecided):
        if reward.state == "ready":
            await _hold_beyond_caps(conn, reward, rule)
    for reward in undecided:
        if reward.state == "held":
            await _release_within_caps(conn, reward, rule)


async def _hold_beyond_caps(conn: Connection, reward: Reward, rule: policy.Reward) -> None:
    if reason := entitlement.incident_reason(await usage.get(conn, reward, rule.odd), rule):
        now = await rewards.get_now(conn)
        await moves.save(conn, reward, move(reward, "held", now, reason=reason), "held", now)


async def _release_within_caps(conn: Connection, reward: Reward, rule: policy.Reward) -> None:
    used = await usage.get(conn, reward, rule.odd)
    if reward.is_due and entitlement.hold_reason(used, rule) is None:
        now = await rewards.get_now(conn)
        ready = move(reward, "scheduled", now, act_at=now)
        await moves.save(conn, reward, ready, "scheduled", now)


async def _make(
    conn: Connection, event: CaseVerified, edition: policy.Policy, near: tuple[str, ...]
) -> None:
    reward = entitlement.new_reward(event, edition.reward, edition.zone, trace.current(), near)
    await rewards.add(conn, reward)
    await deciding.decide(conn, reward, edition.reward, await rewards.get_now(conn))


async def _renew(
    conn: Connection,
    event: CaseVerified,
    edition: policy.Policy,
    refused: Reward,
    near: tuple[str, ...],
) -> None:
    now = await rewards.get_now(conn)
    fresh = entitlement.new_reward(event, edition.reward, edition.zone, trace.current(), near)
    kept = {name: getattr(fresh, name) for name in entitlement.FROM_VERDICT}
    eligible = replace(move(refused, "entitled", now), **kept)
    await moves.save(conn, refused, eligible, "entitled", now)
    # What a person refused is not paid by itself because a verdict came again.
    by_hand = refused.reason != entitlement.VERDICT_CHANGED
    reason: entitlement.HoldReason | None = "refused_before" if by_hand else None
    await deciding.decide(conn, eligible, edition.reward, now, reason)


async def _withdraw(conn: Connection, reward: Reward) -> None:
    now = await rewards.get_now(conn)
    refused = move(reward, "refused", now, reason=entitlement.VERDICT_CHANGED)
    refused = replace(refused, withdrawn_at=now)
    await moves.save(conn, reward, refused, "refused", now)
