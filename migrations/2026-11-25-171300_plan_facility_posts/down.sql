DROP TABLE facility_posts;
