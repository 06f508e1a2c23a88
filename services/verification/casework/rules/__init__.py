"""Verification's decisions on plain values: `access`, `callbacks`, `cases`, `directory`, `sign_in`,
`verdicts`."""
