DROP TABLE shipment_lines, shipments, items;
