"""Following's SQL: the time lines, what citizens say of an answer, and phones bound later."""
