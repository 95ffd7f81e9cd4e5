import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';

/** Load balancers wait for some seconds, and a silent database would take much longer to fail. */
const ANSWER_WITHIN_MS = 1_500;

/**
 * Whether this process can do its work: it wrote its heartbeat within the last 10 s, so that no other process takes over its work, and the
 * database answers. It is asked once the migrations are applied and jobs run. Answers within 2 s.
 */
export async function readinessOf(app: App) {
  const { beatAt, clockOffsetMs, isStopping } = app.health;
  if (isStopping) return notReady('stopping');
  if (beatAt === null || performance.now() - beatAt > app.timing.unreadyAfterMs) return notReady('no heartbeat');
  try {
    const answered = app.pool.query('SELECT 1').then(() => true);
    if (!(await Promise.race([answered, delay(ANSWER_WITHIN_MS, false, { ref: false })]))) {
      return notReady('database silent');
    }
  } catch (error) {
    app.logFailure(error, 'not ready');
    return notReady('database unavailable');
  }
  // Absent: its clock is 5 s at most from the database's.
  return { isReady: true, body: { status: 'ready', ...(clockOffsetMs === null ? {} : { clockOffsetMs }) } };
}

function notReady(status: string) {
  return { isReady: false, body: { status } };
}
