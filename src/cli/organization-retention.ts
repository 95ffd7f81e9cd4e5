import { type Config, retentionDays } from '../config/config.ts';
import { sql } from '../db/statement.ts';
import { type Report, UsageError, withDatabase } from './command.ts';

interface Days {
  readonly messages: number | null;
  readonly events: number | null;
}

/** Sets how long an organization keeps content, if an option is given, and shows it. */
export function setRetention(
  config: Config,
  { messages, events }: { messages?: string; events?: string },
  name?: string,
): Promise<Report> {
  if (!name?.trim()) throw new UsageError('NAME is required.');
  const given = { messages: readDays('--messages', messages), events: readDays('--events', events) };
  return withDatabase(config, async ({ pool }) => {
    const { rows } = await pool.query<Days>(
      sql`INSERT INTO retention (organization_id, messages_days, events_days)
        SELECT id, ${given.messages?.days}, ${given.events?.days} FROM organization WHERE name = ${name.trim()}
        ON CONFLICT (organization_id) DO UPDATE SET
          messages_days = CASE WHEN ${given.messages !== null} THEN excluded.messages_days ELSE retention.messages_days END,
          events_days = CASE WHEN ${given.events !== null} THEN excluded.events_days ELSE retention.events_days END
        RETURNING messages_days AS messages, events_days AS events`,
    );
    const [days] = rows;
    if (days === undefined) throw new Error(`There is no organization "${name.trim()}".`);
    const { messagesDays, eventsDays } = config.retention;
    return {
      lines: [`messages  ${shown(days.messages, messagesDays)}`, `events  ${shown(days.events, eventsDays)}`],
    };
  });
}

/** @returns null when it is not given. `days` null: that of the environment. */
function readDays(option: string, value: string | undefined): { days: number | null } | null {
  if (value === undefined) return null;
  if (value === 'default') return { days: null };
  const parsed = retentionDays.safeParse(value);
  if (!parsed.success) throw new UsageError(`${option} ${parsed.error.issues[0]?.message ?? 'is wrong'}.`);
  return { days: parsed.data };
}

function shown(days: number | null, byDefault: number): string {
  const text = (days ?? byDefault) === 0 ? 'without limit' : `${days ?? byDefault} days`;
  return days === null ? `${text} (default)` : text;
}
