"""`parley db` and `parley inbox`: what operators do with the database itself."""
