-- What a person has said was sent has no id of Gmail's, and is looked at once more as well.
DROP INDEX "outbound_email_not_read_back";
CREATE INDEX "outbound_email_not_read_back" ON "outbound_email"("sent_at")
  WHERE "status" IN ('SENT', 'BOUNCED') AND "read_back_at" IS NULL;
