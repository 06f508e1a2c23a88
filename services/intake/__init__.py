"""Intake takes in what citizens send at a window, and shows them what became of it.

It does: checks the signed code of a unit, validates a rating, complaint or request, seals phone and
words, stores submission and event in one shared commit, and answers with a signed receipt; the
receipt's page tells the story so far, and takes in what the citizen says back. It hears: the
directory (`unit.changed`) and every step of a case (`case.*`, `callback.logged`, `reward.*`,
`message.settled`). It says: `submission.received`, `contact.bound`, `otp.requested`,
`answer.rated`, `followup.received`, `pressure.reported`, `submission.withdrawn`. Start with
`accept.py`, then `writer.py`.
"""

NAME = "intake"
