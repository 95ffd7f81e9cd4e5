import './scalars.ts';
import './node.ts';
import './viewer.ts';
import './api-key.ts';
import './email-account.ts';
import './outbound-email-queries.ts';
import './draft-mutations.ts';
import './conversation-queries.ts';
import './conversation-mutations.ts';
import './context-queries.ts';
import './errors.ts';
import './send-email.ts';
import './outbound-email-mutations.ts';
import './sync-mutations.ts';
import './email-account-mutations.ts';
import { builder } from './builder.ts';

export const schema = builder.toSchema();
