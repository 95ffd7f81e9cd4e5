/** Spans of OpenTelemetry. Without an SDK, which the operator loads with `--import`, they cost nothing worth a measurement. */
import { type Attributes, SpanStatusCode, trace } from '@opentelemetry/api';
import { VERSION } from './version.ts';

/**
 * Runs `work` in a span. A failure marks the span without its message, which could quote a mail.
 * @param attributes uids and names, never content, an address or a token.
 */
export function traced<Result>(name: string, attributes: Attributes, work: () => Promise<Result>): Promise<Result> {
  return trace.getTracer('epistle', VERSION).startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
