"""`parley admin`: the admins' commands of the chat on the command line, for whoever can reach the database."""
