"""HTTP: endpoints, the edge, pages."""
