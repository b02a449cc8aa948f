DROP TRIGGER users_session ON users;
DROP TABLE idempotency_keys, refresh_tokens, user_tickets, user_passwords, user_areas;
DROP FUNCTION siraj_notify_user_areas, siraj_raise_session;
