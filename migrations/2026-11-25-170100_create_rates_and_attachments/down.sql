DROP TABLE attachments;
DROP TABLE exchange_rates;
