"""The random review in public: what was committed to, what was told, and drawing it again."""
