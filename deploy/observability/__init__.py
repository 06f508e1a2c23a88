"""What an operator sees: Prometheus' rules and their tests, Grafana's dashboards, the handbook."""
