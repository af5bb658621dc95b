"""What people send beside words, made into what models read. Empty: the process that opens files must stay small."""
