DROP FUNCTION siraj_rate(text, text, date);
