"""What others know of the desk's, and the desk of others', as a restore is compared."""

TOLD = {
    "case": "SELECT case_id FROM cases WHERE opened_at >= $1 AND kind <> 'pressure'",
    "case's submission": """SELECT submission_id FROM cases
        WHERE opened_at >= $1 AND kind <> 'pressure'""",
    "verdict": "SELECT case_id FROM cases WHERE final_at >= $1 AND kind <> 'pressure'",
}
KNOWN = {
    "submission": "SELECT submission_id FROM cases WHERE submission_id = ANY($1::uuid[])",
    "verdict": "SELECT case_id FROM verdicts WHERE case_id = ANY($1::uuid[])",
}
