DROP PROCEDURE siraj_register;
DROP TABLE audit_log;
DROP FUNCTION siraj_audit, siraj_refuse_change, siraj_next_revision, siraj_words_distinct, siraj_pattern, siraj_search, siraj_fold;
REVOKE USAGE ON SCHEMA public FROM siraj_service;
DROP EXTENSION btree_gist;
DROP EXTENSION pg_trgm;
