"""What others know of intake's, and intake of others', as a restore is compared."""

# What was taken in since a moment, by id; what becomes a case is as `promises.opens_case` says.
TOLD = {
    "submission": "SELECT id FROM submissions WHERE received_at >= $1",
    "matter": """SELECT id FROM submissions
        WHERE received_at >= $1 AND (kind <> 'rating' OR satisfaction <= 2)""",
}
# Of these, those that are here.
KNOWN = {"submission": "SELECT id FROM submissions WHERE id = ANY($1::uuid[])"}
