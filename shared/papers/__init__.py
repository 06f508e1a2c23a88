"""Numbered documents 公文 in the form of GB/T 9704: what stands on one, and who sets it."""
