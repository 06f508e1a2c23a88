"""`mashang backup`: the server that holds the five databases, copied, followed and restored.

FOLDER/20261127T165500Z/base/          the server's files, with PostgreSQL's own manifest
FOLDER/20261127T165500Z/backup.json    when it was, of which version, which keys open it
FOLDER/wal/                            what the server has written since, followed by the second
"""
