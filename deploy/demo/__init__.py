"""The demo: 242 units, one complaint followed to its end, and the article's 54."""

from deploy.demo.directory import load_directory
from deploy.demo.first import first_complaint

__all__ = ["first_complaint", "load_directory"]
