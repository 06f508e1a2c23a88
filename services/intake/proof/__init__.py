"""The receipt's proof: a statement, a Merkle tree over a batch of them, and a signed note.

Formats: RFC 8785 (canonical JSON), RFC 6962 (trees), C2SP signed-note and tlog-proof. Nothing here
knows how a submission is taken in; whoever checks a file needs only this and a public key.
"""
