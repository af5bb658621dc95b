"""`parley setup`: asks for what Parley needs, checks each answer where it leads, and writes `.env`."""
