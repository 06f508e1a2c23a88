"""What others know of rewards', and rewards of others', as a restore is compared."""

TOLD = {
    "reward": "SELECT id FROM rewards WHERE verified_at >= $1",
    "rewarded verdict": "SELECT case_id FROM rewards WHERE verified_at >= $1",
}
KNOWN = {"verdict": "SELECT case_id FROM verdicts WHERE case_id = ANY($1::uuid[])"}
