DROP TABLE controlled_issue_lines, controlled_issues CASCADE;
DROP FUNCTION siraj_controlled_lines();
DROP FUNCTION siraj_controlled_steps();
DROP TRIGGER stock_movements_by_two ON stock_movements;
DROP FUNCTION siraj_movements_witnessed();
