DROP TABLE webhook_deliveries, webhook_feeds, webhooks;
DROP FUNCTION siraj_delivery_steps();
DROP FUNCTION siraj_webhook_fits();
