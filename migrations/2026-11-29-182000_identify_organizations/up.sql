-- By what an organisation is known among those who publish aid: what a file of IATI names it by.
ALTER TABLE organizations
  ADD COLUMN iati_identifier text CONSTRAINT organizations_iati_identifier_check CHECK (iati_identifier ~ '^[A-Z]{2}-[A-Z0-9]+-[^[:space:]/&|?]{1,60}$'),
  ADD COLUMN form text CONSTRAINT organizations_form_check CHECK (form IN
    ('government', 'local_government', 'other_public', 'international_ngo', 'national_ngo', 'regional_ngo', 'local_ngo', 'multilateral', 'foundation', 'company', 'academic', 'other')),
  ADD CONSTRAINT organizations_iati_identifier_key UNIQUE (iati_identifier);
CALL siraj_remember('organizations');
