"""Verification: the directory, the cases and the desk at which they are worked on.

Owns units, officers and operators, and says `unit.changed` and `officer.changed` when an import
changes them. Hears `submission.received` and opens a case with its due times (`case.opened`); logs
the calls to the citizen (`callback.logged`); takes the verdict, has it reviewed where the policy
wants that, and says `case.verified`, again with a higher revision when a verdict is changed, and
`incident.changed` where cases are joined or taken apart, `appeal.changed` of officers. Hears
`message.settled` and `score.changed` for the case's time line. It also signs operators in for all
services, by statements that live a minute.
"""
