import { auditServer } from 'graphql-http';
import { tell } from '../../own-backend';

const results = await auditServer({ url: `${process.env.EPISTLE_URL}/graphql` });
const failed = results.filter(({ status }) => status !== 'ok').map(({ status, name }) => `${status}: ${name}`);

tell({ count: results.length, failed });
