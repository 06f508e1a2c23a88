"""What scoring knows of others', as a restore is compared."""

KNOWN = {
    "submission": "SELECT submission_id FROM submissions WHERE submission_id = ANY($1::uuid[])",
    "case": "SELECT case_id FROM cases WHERE case_id = ANY($1::uuid[])",
    "verdict": "SELECT case_id FROM verdicts WHERE case_id = ANY($1::uuid[])",
    "reward": "SELECT reward_id FROM rewards WHERE reward_id = ANY($1::uuid[])",
}
