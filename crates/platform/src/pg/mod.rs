//! PostgreSQL: connections, the private server, transactions.
