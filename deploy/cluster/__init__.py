"""What installing elsewhere needs: secrets as files, databases and queues, rights as resources.

`deploy/compose` and `deploy/kubernetes` use it; `deploy/README.md` says when.
"""
