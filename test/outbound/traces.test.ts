/** The spans that an SDK of OpenTelemetry gets, by a provider that only takes notes. */
import { type Attributes, type Span, type Tracer, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenant, eventually, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh } from '../support/mail.ts';

const spans: { readonly name: string; readonly attributes: Attributes }[] = [];

function noteSpans(): void {
  const silent = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 });
  const note = (name: string, attributes: Attributes = {}): Span => {
    spans.push({ name, attributes });
    return silent;
  };
  const tracer: Tracer = {
    startSpan: (name, options) => note(name, options?.attributes),
    startActiveSpan(name: string, ...rest: unknown[]) {
      const work = rest.at(-1);
      const [options] = rest as [{ attributes?: Attributes }];
      if (typeof work !== 'function') throw new Error('there is nothing to do in this span');
      return work(note(name, options.attributes));
    },
  };
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
}

let t: TestApp;
let tenant: Tenant;
beforeAll(async () => {
  noteSpans();
  t = await startTestApp();
  tenant = await createTenant(t);
});
afterAll(async () => {
  trace.disable();
  await t.close();
});

describe('a send', () => {
  it('is a span of the operation, of its delivery and of each call to Gmail, with uids and no content', async () => {
    const to = createRecipient(t, tenant);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, to, { subject: 'top secret' }));
    await fetchSentCopy(t, tenant, outboundEmail.uid);
    const email = { organizationId: tenant.organizationId, outboundEmailId: outboundEmail.uid };
    await eventually(async () => spans.find(({ name }) => name === 'google GET messages/{id}') ?? null);
    expect(spans).toContainEqual({ name: 'deliver', attributes: email });
    expect(spans).toContainEqual({
      name: 'graphql SendEmail',
      attributes: { organizationId: tenant.organizationId, requestId: expect.any(String) },
    });
    for (const call of ['POST drafts', 'POST drafts/send', 'POST token']) {
      expect(spans.filter(({ name }) => name === `google ${call}`)).toHaveLength(1);
    }
    const told = JSON.stringify(spans);
    for (const secret of ['top secret', to, tenant.email, tenant.key]) expect(told).not.toContain(secret);
  });
});
