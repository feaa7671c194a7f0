"""PostgreSQL or SQLite behind one door: connections, transactions, types, and every difference between the two."""
